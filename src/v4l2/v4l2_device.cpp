#include "v4l2/v4l2_device.h"

#include "v4l2/v4l2_format.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace onetake {
namespace {

/// More than any camera has; bounds the enumeration for drivers that never end it.
constexpr std::uint32_t kMaxFormats = 64;

template <std::size_t N>
std::string text_of(const __u8 (&field)[N]) {
    const auto* chars = reinterpret_cast<const char*>(field);
    return {chars, strnlen(chars, N)};
}

}  // namespace

Error v4l2_error(const V4l2Kernel& kernel, const std::string& path, const std::string& what, int error_number) {
    auto error = [&](ErrorCode code, const std::string& message) {
        return Error{code, fmt::format("camera {}: {}", path, message)};
    };
    switch (error_number) {
        case EBUSY: {
            const std::string holder = kernel.holder(path);
            return error(
                ErrorCode::device_busy,
                holder.empty()
                    ? "busy: another program is using it. Close that program, or choose another camera."
                    : fmt::format("busy: {} is using it. Close that program, or choose another camera.", holder));
        }
        case EACCES:
        case EPERM:
            return error(ErrorCode::device_unavailable,
                         "permission denied. Add yourself to the group video (sudo usermod -aG video $USER) and log in "
                         "again.");
        case ENODEV:
        case ENXIO:
            return error(ErrorCode::device_unavailable,
                         fmt::format("{} failed: the camera is disconnected. Plug it in again.", what));
        case ENOENT:
            return error(ErrorCode::not_found, "there is no such camera.");
        case ENOSPC:
            return error(
                ErrorCode::device_unavailable,
                "its USB bus has no bandwidth left for this mode (this is not about disk space). Ask for MJPG, a "
                "smaller frame size or fewer frames per second, or plug it into a port of another controller.");
        case ENOMEM:
            return error(
                ErrorCode::device_unavailable,
                fmt::format("{} failed: no memory for its buffers. Ask for fewer buffers or a smaller frame size.",
                            what));
        case ENOTTY:
            return error(ErrorCode::unsupported, fmt::format("{} is not supported; is it a camera?", what));
        default:
            return error(ErrorCode::device_unavailable, fmt::format("{} failed: {}. Unplug it and plug it in again if "
                                                                    "this goes on.",
                                                                    what, errno_text(error_number)));
    }
}

Result<V4l2Device> V4l2Device::open(V4l2Kernel& kernel, const std::string& path) {
    const int fd = kernel.open(path);
    if (fd < 0) return fail(v4l2_error(kernel, path, "opening", -fd));
    V4l2Device device(kernel, fd, path);
    v4l2_capability capability{};
    if (const int error = device.ioctl(VIDIOC_QUERYCAP, capability); error != 0)
        return fail(device.error("querying its capabilities (QUERYCAP)", error == EINVAL ? ENOTTY : error));
    device.card_ = text_of(capability.card);
    device.driver_ = text_of(capability.driver);
    device.capabilities_ =
        (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps : capability.capabilities;
    return device;
}

V4l2Device::V4l2Device(V4l2Device&& other) noexcept
    : kernel_(other.kernel_),
      fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      card_(std::move(other.card_)),
      driver_(std::move(other.driver_)),
      capabilities_(other.capabilities_) {}

V4l2Device::~V4l2Device() {
    if (fd_ >= 0) kernel_->close(fd_);
}

Error V4l2Device::error(const std::string& what, int error_number) const {
    return v4l2_error(*kernel_, path_, what, error_number);
}

bool V4l2Device::captures() const {
    return (capabilities_ & V4L2_CAP_VIDEO_CAPTURE) != 0 && (capabilities_ & V4L2_CAP_STREAMING) != 0;
}

std::string V4l2Device::why_not() const {
    if (captures()) return {};
    if ((capabilities_ & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0)
        return "it offers multi-planar capture only, which is not supported. Use a converter such as v4l2loopback.";
    if ((capabilities_ & V4L2_CAP_META_CAPTURE) != 0)
        return "it is a camera's metadata node, not its video node. Choose the camera's other node.";
    if ((capabilities_ & V4L2_CAP_VIDEO_CAPTURE) != 0)
        return "it cannot stream video (no streaming capability). Choose another camera.";
    if ((capabilities_ & V4L2_CAP_VIDEO_OUTPUT) != 0)
        return "it is a video output and offers no capture now. If it is a loopback, start the program that feeds it "
               "first.";
    return "it does not capture video. Choose another node.";
}

std::vector<std::uint32_t> V4l2Device::formats() const {
    std::vector<std::uint32_t> formats;
    for (std::uint32_t i = 0; i < kMaxFormats; ++i) {
        v4l2_fmtdesc format{};
        format.index = i;
        format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        if (ioctl(VIDIOC_ENUM_FMT, format) != 0) break;
        formats.push_back(format.pixelformat);
    }
    return formats;
}

}  // namespace onetake
