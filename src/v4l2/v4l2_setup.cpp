#include "v4l2/v4l2_setup.h"

#include "v4l2/v4l2_controls.h"
#include "v4l2/v4l2_format.h"
#include "v4l2/video_devices.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

namespace onetake {
namespace {

/// One buffer being filled, one being read, two spare for a late reader.
constexpr int kBuffers = 4;

Status check(const V4l2CameraOptions& options) {
    auto refuse = [](const std::string& message) { return fail(ErrorCode::invalid_argument, message); };
    if (options.width < 1 || options.height < 1)
        return refuse(fmt::format("frame size {}x{}: both must be at least 1.", options.width, options.height));
    if (!std::isfinite(options.fps) || options.fps < 0.1 || options.fps > 1000)
        return refuse(fmt::format("fps {}: must be between 0.1 and 1000.", options.fps));
    if (options.buffersize && (*options.buffersize < 1 || *options.buffersize > 32))
        return refuse(fmt::format("buffersize {}: must be between 1 and 32.", *options.buffersize));
    if (options.warmup < 0) return refuse(fmt::format("warmup {}: must not be negative.", options.warmup));
    return {};
}

void append(std::vector<std::string>& to, std::vector<std::string> from) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

Result<V4l2Setup> set_up_camera(V4l2Kernel& kernel, const V4l2CameraOptions& options) {
    ONETAKE_TRY(check(options));
    std::vector<V4l2ControlSetting> settings;
    for (const std::string& text : options.controls) {
        auto setting = parse_control(text);
        if (!setting) return fail(std::move(setting).error());
        settings.push_back(*std::move(setting));
    }
    const auto node = find_video_node(kernel, options.device);
    if (!node) return fail(node.error());
    auto device = V4l2Device::open(kernel, node->path);
    if (!device) return fail(std::move(device).error());
    if (!device->captures())
        return fail(ErrorCode::unsupported, fmt::format("camera {}: {}", node->path, device->why_not()));

    auto mode = negotiate_mode(*device, options);
    if (!mode) return fail(std::move(mode).error());
    auto controls = set_controls(*device, settings);

    V4l2Setup setup;
    VideoDescription& d = setup.description;
    d.device = node->path;
    d.stable_id = node->stable_id;
    d.name = device->card();
    d.driver = device->driver();
    d.width = static_cast<int>(mode->pix.width);
    d.height = static_cast<int>(mode->pix.height);
    d.fps = mode->fps;
    d.fourcc = fourcc_text(mode->pix.pixelformat);
    d.color = mode->color;
    d.controls = std::move(controls.values);
    d.notes = mode->notes;
    append(d.notes, std::move(controls.notes));

    const int asked = options.buffersize.value_or(kBuffers);
    auto stream = V4l2Stream::create(*std::move(device), asked);
    if (!stream) return fail(std::move(stream).error());
    d.buffers = (*stream)->buffers();
    if (d.buffers != asked)
        d.notes.push_back(fmt::format("asked for {} V4L2 buffers, the driver granted {}", asked, d.buffers));
    if (d.buffers == 1) d.notes.emplace_back("a single V4L2 buffer halves the frame rate; set buffersize to 3 or more");
    setup.mode = *std::move(mode);
    setup.stream = *std::move(stream);
    return setup;
}

bool is_loopback(const VideoDescription& description) {
    return description.driver == "v4l2 loopback";
}

int stale_frames(const VideoDescription& description) {
    return is_loopback(description) ? 1 : 0;
}

}  // namespace onetake
