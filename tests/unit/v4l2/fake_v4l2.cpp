#include "fake_v4l2.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>

namespace onetake {
namespace {

constexpr auto kTestTimeout = std::chrono::seconds(30);

bool is_readable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&p, 1, 0) > 0;
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

void FakeV4l2::hold(unsigned long request, int after_calls) {
    std::lock_guard lock(mutex_);
    held_ = request;
    calls_before_hold_ = after_calls;
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
    return changed_.wait_for(lock, kTestTimeout, [&] { return played_; });
}

bool FakeV4l2::wait_until_held() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kTestTimeout, [&] { return holding_; });
}

bool FakeV4l2::holds() const {
    std::lock_guard lock(mutex_);
    return holding_;
}

void FakeV4l2::hang_if_held(std::unique_lock<std::mutex>& lock, unsigned long request) {
    if (held_ != request || calls_before_hold_-- > 0) return;
    holding_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return held_ != request; });
    holding_ = false;
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
    return changed_.wait_for(lock, kTestTimeout, [&] { return opens_ >= count; });
}

std::int32_t FakeV4l2::control_value(std::uint32_t id) const {
    std::lock_guard lock(mutex_);
    for (const FakeControl& control : cameras_.front().camera.controls)
        if (control.id == id) return control.value;
    return -1;
}

v4l2_fract FakeV4l2::requested_interval() const {
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
    std::unique_lock lock(mutex_);
    hang_if_held(lock, kClosing);
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
    hang_if_held(lock, request);
    State* state = at(fd);
    if (state == nullptr) return ENODEV;
    if (auto& failures = failures_[request]; !failures.empty()) {
        const int error_number = failures.front();
        failures.pop_front();
        if (error_number != 0) return error_number;
    }
    return handle_ioctl(*state, fd, request, argument);
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
    const auto complete = static_cast<std::uint32_t>(jpeg ? 1000 + sequence : bytes.size());
    buffer.bytesused = step.bytesused.value_or(complete);
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
