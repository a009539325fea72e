#include "media/frame.h"

#include <array>

namespace onetake {

std::string_view to_string(ColorRange range) {
    return range == ColorRange::full ? "full" : "limited";
}

std::string_view to_string(ColorMatrix matrix) {
    return matrix == ColorMatrix::bt601 ? "bt601" : "bt709";
}

std::string_view to_string(StampSource source) {
    switch (source) {
        case StampSource::driver_soe:
            return "driver-soe";
        case StampSource::driver_eof:
            return "driver-eof";
        case StampSource::device:
            return "device";
        case StampSource::arrival:
            return "arrival";
        case StampSource::pushed:
            return "pushed";
        case StampSource::test:
            return "test";
    }
    return "unknown";
}

std::optional<StampSource> stamp_source_from(std::string_view name) {
    for (auto source : std::array{StampSource::driver_soe, StampSource::driver_eof, StampSource::device,
                                  StampSource::arrival, StampSource::pushed, StampSource::test})
        if (to_string(source) == name) return source;
    return std::nullopt;
}

FramePlanes planes_of(const Frame& frame) {
    FramePlanes planes;
    const std::uint8_t* data = frame.bytes.data();
    for (int i = 0; i < layout_of(frame.format).planes; ++i) {
        const auto at = static_cast<std::size_t>(i);
        planes.data[at] = data;
        planes.stride[at] = plane_stride(frame.format, i, frame.stride);
        data += static_cast<std::ptrdiff_t>(planes.stride[at]) * plane_rows(frame.format, i, frame.height);
    }
    return planes;
}

bool has_all_bytes(const Frame& frame) {
    if (frame.format == PixelFormat::jpeg || frame.width <= 0 || frame.height <= 0) return false;
    const int padding = frame.stride - tight_stride(frame.format, frame.width);
    return padding >= 0 && frame.bytes.size() + static_cast<std::size_t>(padding) >=
                               frame_bytes(frame.format, frame.stride, frame.height);
}

}  // namespace onetake
