#pragma once

#include "base/time.h"
#include "media/buffer.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace onetake {

/// Layout of a raw frame's bytes. Rows are `stride` bytes apart; planes follow each other without a gap.
enum class PixelFormat {
    bgr24,  ///< 3 bytes per pixel, blue first
    rgb24,  ///< 3 bytes per pixel, red first
    gray8,  ///< 1 byte per pixel
    yuyv,   ///< packed 4:2:2, Y0 U Y1 V
    nv12,   ///< Y plane, then interleaved UV at half size each way, same stride
    i420,   ///< Y, U, V planes, chroma at half size each way, chroma stride = (stride + 1) / 2
    jpeg,   ///< a whole JPEG file, stored as it is
};
std::string_view to_string(PixelFormat format);

enum class ColorRange { full, limited };
enum class ColorMatrix { bt601, bt709 };
std::string_view to_string(ColorRange range);
std::string_view to_string(ColorMatrix matrix);

struct ColorInfo {
    ColorRange range = ColorRange::full;
    ColorMatrix matrix = ColorMatrix::bt601;
    bool operator==(const ColorInfo&) const = default;
};

/// Where a stamp comes from; written into the take.
enum class StampSource {
    driver_soe,  ///< the driver's stamp, start of exposure
    driver_eof,  ///< the driver's stamp, end of frame
    device,      ///< the sound device's own time of capture, converted to the host clock
    arrival,     ///< read when the data reached us: late by the device's delay
    pushed,      ///< told by the program that pushed the data
    test,        ///< made by the built-in test source
};
std::string_view to_string(StampSource source);
std::optional<StampSource> stamp_source_from(std::string_view name);

struct FrameStamp {
    HostTime time;     ///< capture instant, as told by `source`; never repaired
    HostTime arrival;  ///< when the frame reached this process
    StampSource source = StampSource::arrival;
    std::optional<std::uint32_t> driver_sequence;  ///< V4L2's counter, where there is one
};

/// One raw picture (or one JPEG) on its way to an encoder. Move-only, owns its bytes.
struct Frame {
    PixelFormat format = PixelFormat::bgr24;
    int width = 0;   ///< pixels
    int height = 0;  ///< pixels
    int stride = 0;  ///< bytes from one row to the next; 0 for jpeg
    ColorInfo color;
    FrameStamp stamp;
    Buffer bytes;
};

/// Bytes of a row without padding; 0 for jpeg.
int tight_stride(PixelFormat format, int width);
/// Bytes that a raw frame of these dimensions takes; 0 for jpeg or senseless dimensions.
std::size_t frame_bytes(PixelFormat format, int stride, int height);

}  // namespace onetake
