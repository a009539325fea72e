#include "encode/background_encoder.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kInputsAhead = 24;  // a rendering's are half a second each

}  // namespace

BackgroundEncoder::BackgroundEncoder(std::unique_ptr<StreamEncoder> encoder)
    : StreamEncoder(encoder->params(), encoder->codec()) {
    LiveEncoderOptions options;
    options.queue_size = kInputsAhead;
    options.on_full = OnFull::block;
    options.on_packets = [this](std::vector<Packet>& packets) -> Status {
        MutexLock lock(mutex_);
        std::ranges::move(packets, std::back_inserter(ready_));
        return {};
    };
    live_ = LiveEncoder::start(std::move(encoder), std::move(options));
}

BackgroundEncoder::~BackgroundEncoder() = default;

void BackgroundEncoder::take_ready(std::vector<Packet>& out) {
    MutexLock lock(mutex_);
    std::ranges::move(ready_, std::back_inserter(out));
    ready_.clear();
}

Status BackgroundEncoder::take(EncoderInput input, std::vector<Packet>& out) {
    if (!live_->push(std::move(input))) return end();
    take_ready(out);
    return {};
}

Status BackgroundEncoder::take_pause(std::vector<Packet>& out) {
    live_->pause();
    take_ready(out);
    return {};
}

void BackgroundEncoder::catch_up(std::vector<Packet>& out) {
    live_->wait();
    take_ready(out);
}

Status BackgroundEncoder::take_end(std::vector<Packet>& out) {
    auto status = end();
    take_ready(out);
    return status;
}

Status BackgroundEncoder::end() {
    if (!ended_) ended_ = live_->finish();
    return *ended_;
}

StreamCounters BackgroundEncoder::counters() const {
    return live_->encoder().counters();
}

std::vector<std::string> BackgroundEncoder::notes() const {
    return live_->encoder().notes();
}

}  // namespace onetake
