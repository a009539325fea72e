#include "capture/push_source.h"

#include "base/clock.h"

#include <fmt/format.h>
#include <limits>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kIdleBuffers = 16;

tl::unexpected<Error> refuse_while_stopped() {
    return fail(ErrorCode::refused, "The take is being stopped; what was pushed is not stored.");
}

// What the pushing program is told about a delivery. Losses in the queue are counted, not reported to it.
Status status_of(Delivery delivery) {
    switch (delivery) {
        case Delivery::accepted:
        case Delivery::dropped:
            return {};
        case Delivery::closed:
            return fail(ErrorCode::refused,
                        "The take was stopped while what was pushed waited for the disk; it counts as lost.");
        case Delivery::refused:
            return fail(ErrorCode::refused,
                        "What was pushed is not stored: its time is before the first of the recording, or belongs to a "
                        "chunk that is finished.");
        case Delivery::damaged:
            return fail(ErrorCode::refused, "What was pushed is damaged and was not stored; it counts as lost.");
        case Delivery::take_ended:
            return fail(
                ErrorCode::no_space,
                "The disk is full or can't be written; media pushed from now on are counted as lost. Call stop().");
    }
    return {};
}

}  // namespace

PushVideoSource::PushVideoSource(const std::string& name, double fps, bool any_size)
    : any_size_(any_size), buffers_(BufferPool::create(kIdleBuffers)) {
    description_.device = kPushDevice;
    description_.name = name;
    description_.fps = fps;
}

Status PushVideoSource::start(VideoReceiver& receiver) {
    receiver_ = &receiver;
    gate_.open();
    return {};
}

void PushVideoSource::stop() {
    gate_.close();
}

double PushVideoSource::grab_ms_mean() const {
    return std::numeric_limits<double>::quiet_NaN();
}

Status PushVideoSource::push(Frame frame, std::optional<double> t, std::optional<HostTime> arrived) {
    if (!gate_.enter()) return refuse_while_stopped();
    auto status = deliver(std::move(frame), t, arrived.value_or(host_now()));
    gate_.leave();
    return status;
}

Status PushVideoSource::deliver(Frame frame, std::optional<double> t, HostTime arrived) {
    const int width = frame.width, height = frame.height;
    if (!any_size_ && width_ != 0 && (width != width_ || height != height_))
        return fail(ErrorCode::refused, fmt::format("The pushed frame has {}x{} pixels, the take's first had {}x{}.",
                                                    width, height, width_, height_));
    const auto stamp = validator_.check(t, arrived, host_now());
    if (!stamp) return fail(stamp.error());
    frame.stamp = {stamp->time, arrived, stamp->source, {}};
    ONETAKE_TRY(status_of(receiver_->deliver(std::move(frame))));
    validator_.accept(*stamp);
    width_ = width;
    height_ = height;
    return {};
}

PushAudioSource::PushAudioSource(const std::string& name, int sample_rate, int channels, int blocksize) {
    description_.device = kPushDevice;
    description_.name = name;
    description_.sample_rate = sample_rate;
    description_.channels = channels;
    description_.blocksize = blocksize;
}

Status PushAudioSource::start(AudioReceiver& receiver) {
    receiver_ = &receiver;
    gate_.open();
    return {};
}

void PushAudioSource::stop() {
    gate_.close();
}

Status PushAudioSource::push(AudioBlock block, std::optional<double> t, std::optional<HostTime> arrived) {
    if (!gate_.enter()) return refuse_while_stopped();
    auto status = deliver(std::move(block), t, arrived.value_or(host_now()));
    gate_.leave();
    return status;
}

Status PushAudioSource::deliver(AudioBlock block, std::optional<double> t, HostTime arrived) {
    // A block that arrives now began its own length earlier.
    const auto stamp = validator_.check(t, arrived - from_ticks(block.frames(), description_.sample_rate), host_now());
    if (!stamp) return fail(stamp.error());
    block.time = stamp->time;
    block.arrival = arrived;
    block.source = stamp->source;
    ONETAKE_TRY(status_of(receiver_->deliver(std::move(block))));
    validator_.accept(*stamp);
    return {};
}

PushDataSource::PushDataSource(const std::string& name) {
    description_.device = kPushDevice;
    description_.name = name;
}

void PushDataSource::start(DataReceiver& receiver) {
    receiver_ = &receiver;
    gate_.open();
}

void PushDataSource::stop() {
    gate_.close();
}

Status PushDataSource::push(std::vector<std::uint8_t> bytes, std::optional<double> t) {
    if (!gate_.enter()) return refuse_while_stopped();
    auto status = deliver(std::move(bytes), t);
    gate_.leave();
    return status;
}

Status PushDataSource::deliver(std::vector<std::uint8_t> bytes, std::optional<double> t) {
    if (bytes.empty() || bytes.size() > kLargestData)
        return fail(ErrorCode::refused, fmt::format("A pushed data packet of {} bytes can't be stored; 1 to {} is "
                                                    "possible.",
                                                    bytes.size(), kLargestData));
    const auto now = host_now();
    const auto stamp = validator_.check(t, now, now);
    if (!stamp) return fail(stamp.error());
    ONETAKE_TRY(status_of(receiver_->deliver({std::move(bytes), stamp->time, now, stamp->source})));
    validator_.accept(*stamp);
    return {};
}

}  // namespace onetake
