#pragma once

#include "base/time.h"
#include "media/buffer.h"
#include "media/pixel_layout.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace onetake {

enum class ColorRange { full, limited };
enum class ColorMatrix { bt601, bt709 };
std::string_view to_string(ColorRange range);
std::string_view to_string(ColorMatrix matrix);

struct ColorInfo {
    ColorRange range = ColorRange::full;
    ColorMatrix matrix = ColorMatrix::bt601;
    bool operator==(const ColorInfo&) const = default;
};

/// Origin of a stamp; stored in the take.
enum class StampSource {
    driver_soe,  ///< the driver's stamp, start of exposure
    driver_eof,  ///< the driver's stamp, end of frame
    device,      ///< the sound device's capture time, converted to the host clock
    arrival,     ///< read when the data arrived: late by the device's latency
    pushed,      ///< set by the program that pushed the data
    test,        ///< made by the built-in test source
};
std::string_view to_string(StampSource source);
std::optional<StampSource> stamp_source_from(std::string_view name);

struct FrameStamp {
    HostTime time;     ///< capture instant, from `source`; never corrected
    HostTime arrival;  ///< when the frame reached this process
    StampSource source = StampSource::arrival;
    std::optional<std::uint32_t> driver_sequence;  ///< V4L2's frame counter, if any
};

/// One raw video frame, or one JPEG. Move-only, owns its bytes.
struct Frame {
    PixelFormat format = PixelFormat::bgr24;
    int width = 0;   ///< pixels
    int height = 0;  ///< pixels
    int stride = 0;  ///< bytes from one row to the next; 0 for jpeg
    ColorInfo color;
    FrameStamp stamp;
    Buffer bytes;
    bool checked = false;  ///< a JPEG that inspect_jpeg() found complete
};

/// Pointers to the planes of a raw frame.
struct FramePlanes {
    std::array<const std::uint8_t*, 3> data{};
    std::array<int, 3> stride{};  ///< bytes from one row to the next
};
FramePlanes planes_of(const Frame& frame);

/// Whether the frame's size is positive and it has all bytes of that size; the last row may lack its padding.
bool has_all_bytes(const Frame& frame);

}  // namespace onetake
