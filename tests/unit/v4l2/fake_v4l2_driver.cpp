#include "fake_v4l2.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

namespace onetake {
namespace {

template <std::size_t N>
void put(__u8 (&field)[N], const std::string& text) {
    std::memcpy(field, text.c_str(), std::min(N - 1, text.size()));
}

std::uint32_t bytes_per_pixel_x2(std::uint32_t fourcc) {
    switch (fourcc) {
        case V4L2_PIX_FMT_YUYV:
            return 4;
        case V4L2_PIX_FMT_RGB24:
        case V4L2_PIX_FMT_BGR24:
            return 6;
        default:
            return 2;
    }
}

}  // namespace

int FakeV4l2::handle_ioctl(State& state, int fd, unsigned long request, void* argument) {
    switch (request) {
        case VIDIOC_QUERYCAP: {
            auto& capability = *static_cast<v4l2_capability*>(argument);
            capability = {};
            put(capability.card, state.camera.card);
            put(capability.driver, state.camera.driver);
            // A device with a video and a metadata node reports both capabilities for the device, and one per node.
            capability.capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_META_CAPTURE;
            capability.device_caps = state.camera.capabilities;
            return 0;
        }
        case VIDIOC_ENUM_FMT:
        case VIDIOC_ENUM_FRAMESIZES:
        case VIDIOC_ENUM_FRAMEINTERVALS:
            return enumerate(state, request, argument);
        case VIDIOC_S_FMT:
            if (state.owner >= 0) return EBUSY;
            return set_format(state, *static_cast<v4l2_format*>(argument));
        case VIDIOC_S_PARM:
        case VIDIOC_G_PARM: {
            if (!state.camera.reports_rate) return ENOTTY;
            auto& interval = static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe;
            if (request == VIDIOC_S_PARM) {
                const FakeFormat* offered = format(state, state.pix.pixelformat);
                const double asked = static_cast<double>(interval.numerator) / interval.denominator;
                state.interval = interval;
                double nearest = INFINITY;
                for (const FakeSize& size : offered->sizes)
                    for (const v4l2_fract& granted : size.intervals) {
                        const double off =
                            std::abs(static_cast<double>(granted.numerator) / granted.denominator - asked);
                        if (size.width != state.pix.width || off >= nearest) continue;
                        nearest = off;
                        state.interval = granted;
                    }
            }
            interval = state.interval;
            return 0;
        }
        case VIDIOC_QUERYCTRL:
        case VIDIOC_S_CTRL:
        case VIDIOC_G_CTRL:
            return controls(state, request, argument);
        default:
            return streaming(state, fd, request, argument);
    }
}

const FakeFormat* FakeV4l2::format(const State& state, std::uint32_t fourcc) const {
    for (const FakeFormat& format : state.camera.formats)
        if (format.fourcc == fourcc) return &format;
    return nullptr;
}

int FakeV4l2::enumerate(const State& state, unsigned long request, void* argument) const {
    if (request == VIDIOC_ENUM_FMT) {
        auto& asked = *static_cast<v4l2_fmtdesc*>(argument);
        if (asked.index >= state.camera.formats.size()) return EINVAL;
        asked.pixelformat = state.camera.formats[asked.index].fourcc;
        return 0;
    }
    if (request == VIDIOC_ENUM_FRAMESIZES) {
        auto& asked = *static_cast<v4l2_frmsizeenum*>(argument);
        const FakeFormat* offered = format(state, asked.pixel_format);
        if (offered == nullptr) return EINVAL;
        if (offered->any_size) {
            if (asked.index > 0) return EINVAL;
            asked.type = V4L2_FRMSIZE_TYPE_STEPWISE;
            asked.stepwise = *offered->any_size;
            return 0;
        }
        if (asked.index >= offered->sizes.size()) return EINVAL;
        asked.type = V4L2_FRMSIZE_TYPE_DISCRETE;
        asked.discrete = {offered->sizes[asked.index].width, offered->sizes[asked.index].height};
        return 0;
    }
    auto& asked = *static_cast<v4l2_frmivalenum*>(argument);
    const FakeFormat* offered = format(state, asked.pixel_format);
    if (offered == nullptr) return EINVAL;
    if (offered->any_interval) {
        if (asked.index > 0) return EINVAL;
        asked.type = V4L2_FRMIVAL_TYPE_CONTINUOUS;
        asked.stepwise = *offered->any_interval;
        return 0;
    }
    for (const FakeSize& size : offered->sizes) {
        if (size.width != asked.width || size.height != asked.height) continue;
        if (asked.index >= size.intervals.size()) return EINVAL;
        asked.type = V4L2_FRMIVAL_TYPE_DISCRETE;
        asked.discrete = size.intervals[asked.index];
        return 0;
    }
    return EINVAL;
}

int FakeV4l2::set_format(State& state, v4l2_format& asked) {
    v4l2_pix_format& pix = asked.fmt.pix;
    const FakeFormat* offered = format(state, pix.pixelformat);
    if (offered == nullptr) offered = &state.camera.formats.front();
    const FakeSize* nearest = nullptr;
    for (const FakeSize& size : offered->sizes)
        if (nearest == nullptr || (size.width == pix.width && size.height == pix.height)) nearest = &size;
    if (nearest != nullptr) {
        pix.width = nearest->width;
        pix.height = nearest->height;
    }
    const bool jpeg = offered->fourcc == V4L2_PIX_FMT_MJPEG || offered->fourcc == V4L2_PIX_FMT_JPEG;
    const bool planar = offered->fourcc == V4L2_PIX_FMT_NV12 || offered->fourcc == V4L2_PIX_FMT_YUV420;
    pix.pixelformat = offered->fourcc;
    pix.field = state.camera.field;
    pix.bytesperline = jpeg ? 0 : pix.width * bytes_per_pixel_x2(pix.pixelformat) / 2 + state.camera.padding;
    pix.sizeimage = jpeg ? 4096 : pix.bytesperline * pix.height * (planar ? 3 : 2) / 2;
    pix.colorspace = state.camera.colorspace;
    pix.ycbcr_enc = state.camera.encoding;
    pix.quantization = state.camera.quantization;
    state.pix = pix;
    return 0;
}

int FakeV4l2::streaming(State& state, int fd, unsigned long request, void* argument) {
    if (state.owner >= 0 && state.owner != fd) return EBUSY;
    switch (request) {
        case VIDIOC_REQBUFS: {
            auto& asked = *static_cast<v4l2_requestbuffers*>(argument);
            stop_stream(state);
            state.buffers.clear();
            state.owner = -1;
            if (asked.count == 0) return 0;
            asked.count = std::clamp(asked.count, state.camera.min_buffers, state.camera.max_buffers);
            state.buffers.assign(asked.count, std::vector<std::uint8_t>(state.pix.sizeimage));
            if (asked.count > 0) state.owner = fd;
            return 0;
        }
        case VIDIOC_QUERYBUF: {
            auto& buffer = *static_cast<v4l2_buffer*>(argument);
            if (buffer.index >= state.buffers.size()) return EINVAL;
            buffer.length = static_cast<std::uint32_t>(state.buffers[buffer.index].size());
            buffer.m.offset = buffer.index * 4096;
            return 0;
        }
        case VIDIOC_QBUF: {
            const auto index = static_cast<v4l2_buffer*>(argument)->index;
            const bool twice = std::find(state.queued.begin(), state.queued.end(), index) != state.queued.end();
            if (index >= state.buffers.size() || twice) return EINVAL;
            state.queued.push_back(index);
            return 0;
        }
        case VIDIOC_DQBUF:
            if (!state.errors.empty()) {
                const int error_number = state.errors.front();
                state.errors.pop_front();
                return error_number;
            }
            if (!state.streaming) return EINVAL;
            if (state.done.empty()) return EAGAIN;
            *static_cast<v4l2_buffer*>(argument) = state.done.front();
            state.done.pop_front();
            return 0;
        case VIDIOC_STREAMON:
            if (state.buffers.empty()) return EINVAL;
            state.streaming = true;
            state.next_sequence = 0;
            ++state.streams;
            state.streaming_since = now_;
            if (state.camera.stale_first) {
                FakeStep stale;
                stale.first_byte = 0;
                fill(state, stale);
                state.next_sequence = 40;
            }
            return 0;
        case VIDIOC_STREAMOFF:
            stop_stream(state);
            return 0;
        default:
            return ENOTTY;
    }
}

int FakeV4l2::controls(State& state, unsigned long request, void* argument) {
    auto& all = state.camera.controls;
    if (request == VIDIOC_QUERYCTRL) {
        auto& asked = *static_cast<v4l2_queryctrl*>(argument);
        const bool next = (asked.id & V4L2_CTRL_FLAG_NEXT_CTRL) != 0;
        const std::uint32_t id = asked.id & V4L2_CTRL_ID_MASK;
        const FakeControl* found = nullptr;
        for (const FakeControl& control : all)
            if (next ? control.id > id && (found == nullptr || control.id < found->id) : control.id == id)
                found = &control;
        if (found == nullptr) return EINVAL;
        asked = {};
        asked.id = found->id;
        asked.type = V4L2_CTRL_TYPE_INTEGER;
        asked.minimum = found->minimum;
        asked.maximum = found->maximum;
        put(asked.name, found->name);
        return 0;
    }
    auto& asked = *static_cast<v4l2_control*>(argument);
    for (FakeControl& control : all) {
        if (control.id != asked.id) continue;
        if (request == VIDIOC_S_CTRL) {
            if (control.refusal != 0) return control.refusal;
            const bool inside = asked.value >= control.minimum && asked.value <= control.maximum;
            if (!inside && !control.clamps) return ERANGE;
            control.value = std::clamp(asked.value, control.minimum, control.maximum);
        }
        asked.value = control.value;
        return 0;
    }
    return EINVAL;
}

}  // namespace onetake
