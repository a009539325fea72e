#include "v4l2/v4l2_mode.h"

#include "v4l2/v4l2_format.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace onetake {
namespace {

constexpr std::string_view kSupported = "MJPG, JPEG, YUYV, NV12, RGB3, BGR3, GREY, YU12";
/// Relative tolerance of equal rates: intervals in units of 100 ns cannot express 30 fps exactly.
constexpr double kSameRate = 2e-4;

/// Unusable formats listed in a message; of more, only the number is given.
constexpr std::size_t kMaxUnusableNames = 8;

/// "YUYV, MJPG (and H264, which cannot be recorded)".
std::string names_of(const std::vector<std::uint32_t>& fourccs) {
    std::vector<std::string> usable, others;
    for (const std::uint32_t code : fourccs) (pixel_format_of(code) ? usable : others).push_back(fourcc_text(code));
    if (fourccs.empty()) return "no format at all";
    if (others.empty()) return fmt::format("{}", fmt::join(usable, ", "));
    const std::string rest = others.size() <= kMaxUnusableNames ? fmt::format("{}", fmt::join(others, ", "))
                                                                : fmt::format("{} more", others.size());
    if (usable.empty()) return fmt::format("only {}, which cannot be recorded", rest);
    return fmt::format("{} (and {}, which cannot be recorded)", fmt::join(usable, ", "), rest);
}

/// The code to ask for: drivers use MJPG and JPEG for the same format. 0 if neither is offered.
std::uint32_t offered_code(std::uint32_t code, const std::vector<std::uint32_t>& offered) {
    auto offers = [&](std::uint32_t c) { return std::find(offered.begin(), offered.end(), c) != offered.end(); };
    if (offers(code)) return code;
    if (code == V4L2_PIX_FMT_MJPEG && offers(V4L2_PIX_FMT_JPEG)) return V4L2_PIX_FMT_JPEG;
    if (code == V4L2_PIX_FMT_JPEG && offers(V4L2_PIX_FMT_MJPEG)) return V4L2_PIX_FMT_MJPEG;
    return 0;
}

/// Asks for the rate and returns the one granted; 0 if the camera reports none.
double negotiate_rate(const V4l2Device& device, double fps) {
    v4l2_streamparm parm{};
    parm.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    parm.parm.capture.timeperframe = interval_of(fps);
    if (device.ioctl(VIDIOC_S_PARM, parm) != 0) {
        parm = {};
        parm.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        if (device.ioctl(VIDIOC_G_PARM, parm) != 0) return 0;
    }
    return rate_of(parm.parm.capture.timeperframe);
}

std::string difference(const V4l2CameraOptions& asked, const V4l2Mode& got) {
    const int width = static_cast<int>(got.pix.width);
    const int height = static_cast<int>(got.pix.height);
    const bool same_size = width == asked.width && height == asked.height;
    const bool same_rate = got.fps > 0 && std::abs(got.fps / asked.fps - 1) < kSameRate;
    if (same_size && same_rate) return {};
    const std::string rate = got.fps > 0 ? fmt::format("at {} fps", rate_text(got.fps)) : "at an unknown rate";
    return fmt::format("asked for {}x{} at {} fps, got {}x{} {}", asked.width, asked.height, rate_text(asked.fps),
                       width, height, rate);
}

}  // namespace

Result<V4l2Mode> negotiate_mode(const V4l2Device& device, const V4l2CameraOptions& options) {
    const std::string& path = device.path();
    const std::uint32_t asked = fourcc_code(options.fourcc);
    const auto offered = device.formats();
    if (!pixel_format_of(asked))
        return fail(ErrorCode::unsupported,
                    fmt::format("pixel format {} cannot be recorded (only {}). Camera {} offers {}.", options.fourcc,
                                kSupported, path, names_of(offered)));
    const std::uint32_t code = offered_code(asked, offered);
    if (code == 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("camera {} has no {}: it offers {}. Choose one of these as fourcc.", path,
                                fourcc_text(asked), names_of(offered)));

    v4l2_format format{};
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    format.fmt.pix.width = static_cast<std::uint32_t>(options.width);
    format.fmt.pix.height = static_cast<std::uint32_t>(options.height);
    format.fmt.pix.pixelformat = code;
    format.fmt.pix.field = V4L2_FIELD_NONE;
    if (const int error = device.ioctl(VIDIOC_S_FMT, format); error != 0)
        return fail(
            device.error(fmt::format("setting {}x{} {}", options.width, options.height, fourcc_text(code)), error));

    V4l2Mode mode;
    mode.pix = format.fmt.pix;
    const auto granted = pixel_format_of(mode.pix.pixelformat);
    if (granted != pixel_format_of(code))
        return fail(ErrorCode::unsupported,
                    fmt::format("camera {} granted {} instead of {}; it offers {}. Choose another fourcc.", path,
                                fourcc_text(mode.pix.pixelformat), fourcc_text(code), names_of(offered)));
    if (mode.pix.width == 0 || mode.pix.height == 0 || mode.pix.width > 65535 || mode.pix.height > 65535)
        return fail(ErrorCode::device_unavailable,
                    fmt::format("camera {} granted an invalid size, {}x{}. Ask for another one.", path, mode.pix.width,
                                mode.pix.height));
    if (mode.pix.field == V4L2_FIELD_ALTERNATE || mode.pix.field == V4L2_FIELD_TOP ||
        mode.pix.field == V4L2_FIELD_BOTTOM)
        return fail(ErrorCode::unsupported,
                    fmt::format("camera {} sends single fields, not frames. Choose a progressive input.", path));
    mode.format = *granted;
    mode.color = color_of(mode.pix);
    if (mode.format != PixelFormat::jpeg) {
        const int tight = tight_stride(mode.format, static_cast<int>(mode.pix.width));
        mode.stride = mode.pix.bytesperline != 0 ? static_cast<int>(mode.pix.bytesperline) : tight;
        mode.frame_bytes = onetake::frame_bytes(mode.format, mode.stride, static_cast<int>(mode.pix.height));
        if (mode.stride < tight)
            return fail(ErrorCode::device_unavailable,
                        fmt::format("camera {} granted rows of {} bytes where {} are needed. Choose another format or "
                                    "size.",
                                    path, mode.stride, tight));
    }
    mode.fps = negotiate_rate(device, options.fps);

    if (std::string note = difference(options, mode); !note.empty()) mode.notes.push_back(std::move(note));
    if (mode.pix.field != V4L2_FIELD_NONE && mode.pix.field != V4L2_FIELD_ANY)
        mode.notes.emplace_back("the camera sends interlaced frames; they are recorded unchanged");
    return mode;
}

std::string to_string(const V4l2Mode& mode) {
    return fmt::format("{}x{} {}", mode.pix.width, mode.pix.height, fourcc_text(mode.pix.pixelformat));
}

}  // namespace onetake
