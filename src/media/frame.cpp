#include "media/frame.h"

#include <array>

namespace onetake {

std::string_view to_string(PixelFormat format) {
    switch (format) {
        case PixelFormat::bgr24:
            return "bgr24";
        case PixelFormat::rgb24:
            return "rgb24";
        case PixelFormat::gray8:
            return "gray8";
        case PixelFormat::yuyv:
            return "yuyv";
        case PixelFormat::nv12:
            return "nv12";
        case PixelFormat::i420:
            return "i420";
        case PixelFormat::jpeg:
            return "jpeg";
    }
    return "unknown";
}

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

int tight_stride(PixelFormat format, int width) {
    switch (format) {
        case PixelFormat::bgr24:
        case PixelFormat::rgb24:
            return width * 3;
        case PixelFormat::gray8:
        case PixelFormat::nv12:
        case PixelFormat::i420:
            return width;
        case PixelFormat::yuyv:
            return (width + 1) / 2 * 4;
        case PixelFormat::jpeg:
            return 0;
    }
    return 0;
}

std::size_t frame_bytes(PixelFormat format, int stride, int height) {
    if (stride <= 0 || height <= 0) return 0;
    const auto row = static_cast<std::size_t>(stride);
    const auto rows = static_cast<std::size_t>(height);
    const auto half_rows = (rows + 1) / 2;
    switch (format) {
        case PixelFormat::nv12:
            return row * rows + row * half_rows;
        case PixelFormat::i420:
            return row * rows + 2 * ((row + 1) / 2) * half_rows;
        case PixelFormat::jpeg:
            return 0;
        default:
            return row * rows;
    }
}

}  // namespace onetake
