#include "encode/live_encoder.h"

#include "base/error.h"

#include <fmt/format.h>

namespace onetake {

std::unique_ptr<LiveEncoder> LiveEncoder::start(std::unique_ptr<StreamEncoder> encoder, LiveEncoderOptions options) {
    std::unique_ptr<LiveEncoder> live(new LiveEncoder(std::move(encoder), std::move(options)));
    live->thread_ = std::jthread([self = live.get()](const std::stop_token& stop) { self->run(stop); });
    return live;
}

LiveEncoder::LiveEncoder(std::unique_ptr<StreamEncoder> encoder, LiveEncoderOptions options)
    : encoder_(std::move(encoder)), options_(std::move(options)), queue_(options_.queue_size) {}

LiveEncoder::~LiveEncoder() {
    cancel();
}

bool LiveEncoder::push(EncoderInput input) {
    ++pushed_;
    Item item{std::move(input)};
    const bool taken =
        options_.on_full == OnFull::block ? queue_.push(std::move(item)) : queue_.try_push(std::move(item));
    if (!taken) ++(closed_ ? lost_ : dropped_);
    return taken;
}

void LiveEncoder::pause() {
    (void)queue_.push(Item{});
}

void LiveEncoder::wait() {
    std::promise<void> reached;
    if (queue_.push(Item{{}, &reached})) reached.get_future().wait();
}

Status LiveEncoder::finish() {
    closed_ = true;
    queue_.close();
    thread_.join();
    return status_;
}

void LiveEncoder::cancel() {
    thread_.request_stop();
    closed_ = true;
    queue_.close();
}

void LiveEncoder::run(const std::stop_token& stop) {
    status_ = encode_queue(stop);
    // The queue has no reader any more: queued and later inputs are lost.
    closed_ = true;
    queue_.close();
    while (const auto item = queue_.pop()) {
        lost_ += item->input.has_value();
        if (item->reached != nullptr) item->reached->set_value();
    }
    const bool failed = !status_ && status_.error().code != ErrorCode::cancelled;
    if (failed && options_.on_error) options_.on_error(status_.error());
}

Status LiveEncoder::encode_queue(const std::stop_token& stop) {
    const auto cancelled = [&] {
        return fail(ErrorCode::cancelled,
                    fmt::format("The {} track was cancelled.", to_string(encoder_->params().kind)));
    };
    while (auto item = queue_.pop()) {
        auto& input = item->input;
        if (item->reached != nullptr) {
            item->reached->set_value();
            continue;
        }
        if (stop.stop_requested()) {
            lost_ += input.has_value();
            return cancelled();
        }
        if (!input) {
            ONETAKE_TRY(encoder_->pause(packets_));
            ONETAKE_TRY(deliver());
            continue;
        }
        auto status = encoder_->encode(std::move(*input), packets_);
        if (!status && status.error().code == ErrorCode::refused) {
            ++refused_;
            continue;
        }
        ++(status ? encoded_ : lost_);
        ONETAKE_TRY(status);
        ONETAKE_TRY(deliver());
    }
    if (stop.stop_requested()) return cancelled();
    ONETAKE_TRY(encoder_->finish(packets_));
    return deliver();
}

Status LiveEncoder::deliver() {
    if (packets_.empty()) return {};
    const auto count = packets_.size();
    if (options_.on_packets) ONETAKE_TRY(options_.on_packets(packets_));
    delivered_ += count;
    packets_.clear();
    return {};
}

LiveEncoderCounters LiveEncoder::counters() const {
    return {pushed_, encoded_, dropped_, refused_, lost_, delivered_};
}

}  // namespace onetake
