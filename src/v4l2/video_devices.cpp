#include "v4l2/video_devices.h"

#include "v4l2/v4l2_device.h"
#include "v4l2/v4l2_format.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <utility>

namespace onetake {
namespace {

constexpr std::string_view kNode = "/dev/video";
constexpr std::string_view kLinks = "/dev/v4l/";
/// Bounds the enumeration for drivers that never end it.
constexpr std::uint32_t kMaxEntries = 256;
/// Sizes listed for a camera that accepts any within a range.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 7> kCommonSizes = {
    {{320, 240}, {640, 480}, {800, 600}, {1280, 720}, {1920, 1080}, {2560, 1440}, {3840, 2160}}};

std::optional<int> parse_index(std::string_view text) {
    int number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stop != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

/// N of /dev/videoN.
std::optional<int> index_of(std::string_view path) {
    return path.starts_with(kNode) ? parse_index(path.substr(kNode.size())) : std::nullopt;
}

std::string stable_id_of(const V4l2Kernel& kernel, const std::string& node) {
    for (const std::string_view kind : {"by-id", "by-path"}) {
        const std::string folder = fmt::format("{}{}", kLinks, kind);
        auto links = kernel.names(folder);
        std::sort(links.begin(), links.end());
        for (const std::string& link : links)
            if (std::string path = folder + "/" + link; kernel.resolve(path) == node) return path;
    }
    return {};
}

std::vector<double> rates(const V4l2Device& device, std::uint32_t fourcc, std::uint32_t width, std::uint32_t height) {
    std::vector<double> fps;
    for (std::uint32_t i = 0; i < kMaxEntries; ++i) {
        v4l2_frmivalenum interval{};
        interval.index = i;
        interval.pixel_format = fourcc;
        interval.width = width;
        interval.height = height;
        if (device.ioctl(VIDIOC_ENUM_FRAMEINTERVALS, interval) != 0) break;
        if (interval.type == V4L2_FRMIVAL_TYPE_DISCRETE) {
            fps.push_back(rate_of(interval.discrete));
            continue;
        }
        // A range is listed as its two ends.
        fps.push_back(rate_of(interval.stepwise.min));
        fps.push_back(rate_of(interval.stepwise.max));
        break;
    }
    std::erase_if(fps, [](double rate) { return rate <= 0; });
    std::sort(fps.begin(), fps.end(), std::greater<>());
    fps.erase(std::unique(fps.begin(), fps.end()), fps.end());
    return fps;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> common_sizes(const v4l2_frmsize_stepwise& range) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> sizes = {{range.min_width, range.min_height}};
    auto fits = [](std::uint32_t value, std::uint32_t min, std::uint32_t max, std::uint32_t step) {
        return value > min && value < max && (step == 0 || (value - min) % step == 0);
    };
    for (const auto& [width, height] : kCommonSizes)
        if (fits(width, range.min_width, range.max_width, range.step_width) &&
            fits(height, range.min_height, range.max_height, range.step_height))
            sizes.emplace_back(width, height);
    const std::pair largest{range.max_width, range.max_height};
    if (sizes.back() != largest) sizes.push_back(largest);
    return sizes;
}

std::vector<VideoMode> modes_of(const V4l2Device& device) {
    std::vector<VideoMode> modes;
    for (const std::uint32_t fourcc : device.formats()) {
        auto add = [&](std::uint32_t width, std::uint32_t height) {
            modes.push_back({fourcc_text(fourcc), static_cast<int>(width), static_cast<int>(height),
                             rates(device, fourcc, width, height)});
        };
        for (std::uint32_t i = 0; i < kMaxEntries; ++i) {
            v4l2_frmsizeenum size{};
            size.index = i;
            size.pixel_format = fourcc;
            if (device.ioctl(VIDIOC_ENUM_FRAMESIZES, size) != 0) break;
            if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
                add(size.discrete.width, size.discrete.height);
                continue;
            }
            for (const auto& [width, height] : common_sizes(size.stepwise)) add(width, height);
            break;
        }
    }
    return modes;
}

/// Why a camera can't be used now; empty if it can.
std::string problem_of(const V4l2Device& device) {
    // Requesting zero buffers changes nothing, but fails while another process holds some.
    v4l2_requestbuffers none{};
    none.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    none.memory = V4L2_MEMORY_MMAP;
    const int error = device.ioctl(VIDIOC_REQBUFS, none);
    return error == EBUSY ? device.error("requesting buffers", error).message : std::string();
}

std::string known_cameras(V4l2Kernel& kernel) {
    std::string known;
    for (const VideoDeviceInfo& info : list_video_devices(kernel))
        known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", info.path, info.name);
    return known.empty() ? "No camera is connected; plug one in." : fmt::format("Cameras found: {}.", known);
}

}  // namespace

std::vector<VideoDeviceInfo> list_video_devices() {
    return list_video_devices(real_v4l2_kernel());
}

std::vector<VideoDeviceInfo> list_video_devices(V4l2Kernel& kernel) {
    std::vector<VideoDeviceInfo> cameras;
    for (const std::string& name : kernel.names("/dev")) {
        const std::string path = "/dev/" + name;
        const auto index = index_of(path);
        if (!index) continue;
        VideoDeviceInfo info;
        info.index = *index;
        info.path = path;
        if (auto device = V4l2Device::open(kernel, path)) {
            if (!device->captures()) continue;
            info.name = device->card();
            info.driver = device->driver();
            info.modes = modes_of(*device);
            info.problem = problem_of(*device);
        } else if (device.error().code == ErrorCode::unsupported || device.error().code == ErrorCode::not_found) {
            continue;
        } else {
            info.problem = device.error().message;
        }
        info.stable_id = stable_id_of(kernel, path);
        cameras.push_back(std::move(info));
    }
    std::sort(cameras.begin(), cameras.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
    return cameras;
}

Result<VideoNode> find_video_node(V4l2Kernel& kernel, const std::string& device) {
    const auto index = parse_index(device);
    const std::string asked = index ? fmt::format("{}{}", kNode, *index) : device;
    if (!index && !device.starts_with('/'))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("camera \"{}\": give an index such as 0, /dev/videoN, or a link under {}by-id. {}",
                                device, kLinks, known_cameras(kernel)));
    VideoNode node;
    node.path = kernel.resolve(asked);
    if (node.path.empty())
        return fail(ErrorCode::not_found,
                    fmt::format("camera {}: there is no such device. {}", asked, known_cameras(kernel)));
    // A link given by the user is what identifies the camera.
    node.stable_id = asked.starts_with(kLinks) ? asked : stable_id_of(kernel, node.path);
    return node;
}

}  // namespace onetake
