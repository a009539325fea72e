#include "fake_v4l2.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <poll.h>

namespace onetake {
namespace {

constexpr auto kAbsurdlyLong = std::chrono::seconds(30);

template <std::size_t N>
void put(__u8 (&field)[N], const std::string& text) {
    std::memcpy(field, text.c_str(), std::min(N - 1, text.size()));
}

bool is_readable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&p, 1, 0) > 0;
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

FakeStep a_frame() {
    return {};
}

FakeStep silence(Duration length) {
    FakeStep step;
    step.kind = FakeStep::Kind::silence;
    step.after = length;
    return step;
}

FakeStep frozen() {
    FakeStep step;
    step.kind = FakeStep::Kind::frozen;
    step.after = {};
    return step;
}

FakeStep dequeue_error(int error_number) {
    FakeStep step;
    step.kind = FakeStep::Kind::dequeue_error;
    step.error_number = error_number;
    return step;
}

FakeStep stream_error() {
    FakeStep step;
    step.kind = FakeStep::Kind::stream_error;
    return step;
}

FakeStep unplugged() {
    FakeStep step;
    step.kind = FakeStep::Kind::unplug;
    return step;
}

FakeStep plugged_after(Duration wait, std::string path) {
    FakeStep step;
    step.kind = FakeStep::Kind::plug;
    step.after = wait;
    step.path = std::move(path);
    return step;
}

void FakeV4l2::add(FakeCamera camera) {
    std::lock_guard lock(mutex_);
    State state;
    state.camera = std::move(camera);
    cameras_.push_back(std::move(state));
}

void FakeV4l2::change(int camera, FakeCamera to) {
    std::lock_guard lock(mutex_);
    cameras_[static_cast<std::size_t>(camera)].camera = std::move(to);
}

void FakeV4l2::link(const std::string& link, const std::string& node) {
    std::lock_guard lock(mutex_);
    links_[link] = node;
}

void FakeV4l2::play(std::vector<FakeStep> script) {
    std::lock_guard lock(mutex_);
    script_ = std::move(script);
    next_step_ = 0;
    step_began_ = now_;
    played_ = false;
}

void FakeV4l2::play_frames(int count) {
    play(std::vector<FakeStep>(static_cast<std::size_t>(count)));
}

void FakeV4l2::fail_next(unsigned long request, int error_number, int times) {
    std::lock_guard lock(mutex_);
    auto& failures = failures_[request];
    failures.insert(failures.end(), static_cast<std::size_t>(times), error_number);
}

void FakeV4l2::fail_after(unsigned long request, int calls, int error_number) {
    fail_next(request, 0, calls);
    fail_next(request, error_number);
}

void FakeV4l2::hold(unsigned long request) {
    std::lock_guard lock(mutex_);
    held_ = request;
}

void FakeV4l2::release() {
    std::lock_guard lock(mutex_);
    held_.reset();
    changed_.notify_all();
}

void FakeV4l2::set_holder(std::string holder) {
    std::lock_guard lock(mutex_);
    holder_ = std::move(holder);
}

bool FakeV4l2::wait_until_played() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kAbsurdlyLong, [&] { return played_; });
}

bool FakeV4l2::wait_until_held() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kAbsurdlyLong, [&] { return holding_; });
}

int FakeV4l2::open_descriptors() const {
    std::lock_guard lock(mutex_);
    return static_cast<int>(open_.size());
}

int FakeV4l2::mapped_buffers() const {
    std::lock_guard lock(mutex_);
    return mapped_;
}

int FakeV4l2::opens() const {
    std::lock_guard lock(mutex_);
    return opens_;
}

bool FakeV4l2::wait_for_opens(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kAbsurdlyLong, [&] { return opens_ >= count; });
}

std::int32_t FakeV4l2::control_value(std::uint32_t id) const {
    std::lock_guard lock(mutex_);
    for (const FakeControl& control : cameras_.front().camera.controls)
        if (control.id == id) return control.value;
    return -1;
}

v4l2_fract FakeV4l2::asked_interval() const {
    std::lock_guard lock(mutex_);
    return cameras_.front().interval;
}

int FakeV4l2::open(const std::string& path) {
    std::lock_guard lock(mutex_);
    ++opens_;
    changed_.notify_all();
    for (std::size_t i = 0; i < cameras_.size(); ++i) {
        if (cameras_[i].camera.path != path || !cameras_[i].present) continue;
        if (cameras_[i].camera.open_error != 0) return -cameras_[i].camera.open_error;
        open_[next_fd_] = i;
        return next_fd_++;
    }
    return -ENOENT;
}

void FakeV4l2::close(int fd) {
    std::lock_guard lock(mutex_);
    if (State* state = at(fd); state != nullptr && state->owner == fd) {
        stop_stream(*state);
        state->owner = -1;
    }
    open_.erase(fd);
    dead_.erase(fd);
}

FakeV4l2::State* FakeV4l2::at(int fd) {
    const auto it = open_.find(fd);
    return it == open_.end() || dead_.contains(fd) ? nullptr : &cameras_[it->second];
}

int FakeV4l2::ioctl(int fd, unsigned long request, void* argument) {
    std::unique_lock lock(mutex_);
    if (held_ == request) {
        holding_ = true;
        changed_.notify_all();
        changed_.wait(lock, [&] { return held_ != request; });
        holding_ = false;
    }
    State* state = at(fd);
    if (state == nullptr) return ENODEV;
    if (auto& failures = failures_[request]; !failures.empty()) {
        const int error_number = failures.front();
        failures.pop_front();
        if (error_number != 0) return error_number;
    }
    return answer(*state, fd, request, argument);
}

int FakeV4l2::answer(State& state, int fd, unsigned long request, void* argument) {
    switch (request) {
        case VIDIOC_QUERYCAP: {
            auto& capability = *static_cast<v4l2_capability*>(argument);
            capability = {};
            put(capability.card, state.camera.card);
            put(capability.driver, state.camera.driver);
            // A device with a metadata node beside its pictures says both of the whole, and one of each node.
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
            if (!state.camera.tells_rate) return ENOTTY;
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
            asked.count = std::clamp(asked.count, state.camera.fewest_buffers, state.camera.most_buffers);
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
                FakeStep junk;
                junk.first_byte = 0;
                fill(state, junk);
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

void* FakeV4l2::mmap(int fd, std::size_t length, std::int64_t offset) {
    std::lock_guard lock(mutex_);
    State* state = at(fd);
    const auto index = static_cast<std::size_t>(offset / 4096);
    if (state == nullptr || index >= state->buffers.size() || state->buffers[index].size() != length) return nullptr;
    ++mapped_;
    return state->buffers[index].data();
}

void FakeV4l2::munmap(void*, std::size_t) {
    std::lock_guard lock(mutex_);
    --mapped_;
}

void FakeV4l2::stop_stream(State& state) {
    state.streaming = false;
    state.queued.clear();
    state.done.clear();
}

void FakeV4l2::fill(State& state, const FakeStep& step) {
    const std::uint32_t sequence = step.sequence.value_or(state.next_sequence);
    state.next_sequence = sequence + 1;
    if (state.queued.empty()) return;
    v4l2_buffer buffer{};
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.index = state.queued.front();
    state.queued.pop_front();
    buffer.sequence = sequence;
    auto& bytes = state.buffers[buffer.index];
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i + sequence);
    const bool jpeg = state.pix.bytesperline == 0;
    if (jpeg) {
        bytes[0] = step.first_byte;
        bytes[1] = 0xd8;
    }
    const auto whole = static_cast<std::uint32_t>(jpeg ? 1000 + sequence : bytes.size());
    buffer.bytesused = step.bytesused.value_or(whole);
    buffer.flags = step.stamp_flags.value_or(state.camera.stamp_flags);
    if (step.damaged) buffer.flags |= V4L2_BUF_FLAG_ERROR;
    const Duration stamp = (now_ - step.stamp_age.value_or(state.camera.stamp_age)).time_since_epoch();
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(stamp).count();
    buffer.timestamp.tv_sec = us / 1'000'000;
    buffer.timestamp.tv_usec = us % 1'000'000;
    state.done.push_back(buffer);
}

void FakeV4l2::apply(const FakeStep& step) {
    State& state = cameras_.front();
    switch (step.kind) {
        case FakeStep::Kind::frame:
            fill(state, step);
            break;
        case FakeStep::Kind::silence:
        case FakeStep::Kind::frozen:
            break;
        case FakeStep::Kind::dequeue_error:
            state.errors.push_back(step.error_number);
            break;
        case FakeStep::Kind::stream_error:
            stop_stream(state);
            break;
        case FakeStep::Kind::unplug:
            state.present = false;
            state.owner = -1;
            stop_stream(state);
            for (const auto& [fd, camera] : open_)
                if (camera == 0) dead_.insert(fd);
            break;
        case FakeStep::Kind::plug:
            state.present = true;
            if (step.path.empty()) break;
            for (auto& [link, node] : links_)
                if (node == state.camera.path) node = step.path;
            state.camera.path = step.path;
            break;
    }
}

V4l2Wake FakeV4l2::poll(int fd, int wake_fd, Duration timeout) {
    std::unique_lock lock(mutex_);
    if (is_readable(wake_fd)) return V4l2Wake::woken;
    const HostTime limit = now_ + timeout;
    auto nothing = [&] {
        now_ = std::max(now_, limit);
        return V4l2Wake::timeout;
    };
    for (;;) {
        if (fd >= 0) {
            State* polled = at(fd);
            if (polled == nullptr || !polled->streaming) return V4l2Wake::failed;
            if (!polled->done.empty() || !polled->errors.empty()) return V4l2Wake::ready;
        }
        if (next_step_ == script_.size()) {
            played_ = true;
            changed_.notify_all();
            lock.unlock();
            pollfd p{wake_fd, POLLIN, 0};
            ::poll(&p, 1, -1);
            return V4l2Wake::woken;
        }
        const FakeStep& step = script_[next_step_];
        const State& camera = cameras_.front();
        const bool needs_stream = step.kind == FakeStep::Kind::frame || step.kind == FakeStep::Kind::dequeue_error;
        if (needs_stream && !camera.streaming) return nothing();
        if (step.kind == FakeStep::Kind::frozen) {
            if (frozen_at_stream_ < 0) frozen_at_stream_ = camera.streams;
            if (camera.streams == frozen_at_stream_) return nothing();
            frozen_at_stream_ = -1;
        }
        const HostTime due = (needs_stream ? std::max(step_began_, camera.streaming_since) : step_began_) + step.after;
        if (due > limit) return nothing();
        now_ = std::max(now_, due);
        step_began_ = now_;
        ++next_step_;
        apply(step);
    }
}

HostTime FakeV4l2::now() const {
    std::lock_guard lock(mutex_);
    return now_;
}

std::vector<std::string> FakeV4l2::names(const std::string& folder) const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    auto add = [&](const std::string& path) {
        if (path.starts_with(folder + "/") && path.find('/', folder.size() + 1) == std::string::npos)
            names.push_back(path.substr(folder.size() + 1));
    };
    for (const State& state : cameras_)
        if (state.present) add(state.camera.path);
    for (const auto& [link, node] : links_) add(link);
    return names;
}

std::string FakeV4l2::resolve(const std::string& path) const {
    std::lock_guard lock(mutex_);
    const auto it = links_.find(path);
    const std::string& node = it == links_.end() ? path : it->second;
    for (const State& state : cameras_)
        if (state.present && state.camera.path == node) return node;
    return {};
}

std::string FakeV4l2::holder(const std::string&) const {
    std::lock_guard lock(mutex_);
    return holder_;
}

}  // namespace onetake
