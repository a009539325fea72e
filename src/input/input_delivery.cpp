#include "input/input_delivery.h"

#include "base/redact.h"

#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kMostPendingBytes = 16 << 20;

}  // namespace

InputDelivery::InputDelivery(const InputAddress& address, const InputOutlets& outlets, std::optional<HostTime> begin)
    : address_(address), outlets_(outlets), begin_(begin) {
    if (outlets_.video) video_.emplace(*outlets_.video, address_.live(), address_.options);
    if (outlets_.audio)
        audio_.emplace(*outlets_.audio, outlets_.sample_rate, outlets_.channels, address_.live(), address_.options);
}

void InputDelivery::take(InputItem item) {
    if (auto* media = std::get_if<InputMedia>(&item)) {
        take_media(std::move(*media));
    } else if (const auto* opened = std::get_if<InputOpened>(&item)) {
        clock_ = {};
        video_stream_ = video_ ? first_stream(opened->streams, TrackKind::video) : -1;
        audio_stream_ = audio_ ? first_stream(opened->streams, TrackKind::audio) : -1;
        if (video_stream_ >= 0) video_->open(opened->streams[static_cast<std::size_t>(video_stream_)]);
        if (audio_stream_ >= 0) audio_->open(opened->streams[static_cast<std::size_t>(audio_stream_)]);
        if (audio_) audio_->break_here();
    } else if (const auto* lost = std::get_if<InputLost>(&item)) {
        flush();
        if (video_ && !video_->ended()) video_->watch().lost(lost->why, lost->time);
        if (audio_ && !audio_->ended()) audio_->watch().lost(lost->why, lost->time);
    } else if (const auto* end = std::get_if<InputEnded>(&item)) {
        flush();
        const auto text = fmt::format("{} ended: {}", redacted(address_.source), end->text);
        if (video_) video_->end(text, host_now());
        if (audio_) audio_->end(text, host_now());
    }
    ended_ = (!video_ || video_->ended()) && (!audio_ || audio_->ended());
}

void InputDelivery::take_media(InputMedia media) {
    const auto& packet = media.packet;
    if (!address_.live()) {
        if (!begin_) begin_ = packet.arrival - packet.time;
        decode(media);
        return;
    }
    auto before = pending_.empty() ? std::nullopt : std::optional(clock_);
    const auto seen = clock_.observe(packet.time, packet.arrival, media.sender_start, read_clocks());
    if (seen == LiveClock::Seen::began_anew && before) {
        // What waits for the clock has the times of before.
        std::swap(clock_, *before);
        clock_.settle();
        settle();
        std::swap(clock_, *before);
    }
    report_clock(seen, packet.arrival);
    if (seen != LiveClock::Seen::usual && audio_) audio_->break_here();
    pending_bytes_ += packet.packet.bytes.size();
    pending_.push_back(std::move(media));
    if (!clock_.settled() && pending_bytes_ > kMostPendingBytes) clock_.settle();
    if (clock_.settled()) settle();
}

// Decodes what waited for the clock.
void InputDelivery::settle() {
    for (const auto& media : pending_) decode(media);
    pending_.clear();
    pending_bytes_ = 0;
}

void InputDelivery::flush() {
    if (!pending_.empty()) clock_.settle();
    settle();
    if (video_) video_->finish();
    if (audio_) audio_->finish([this](Duration time) { return stamp_of(time); });
}

void InputDelivery::decode(const InputMedia& media) {
    const int stream = media.packet.packet.stream;
    if (stream == video_stream_) video_->take(media, stamp_of(media.packet.time));
    if (stream == audio_stream_) audio_->take(media, [this](Duration time) { return stamp_of(time); });
}

InputStamp InputDelivery::stamp_of(Duration time) const {
    if (!address_.live()) return {*begin_ + time, StampSource::pushed, time >= Duration::zero()};
    const bool sender = clock_.source() == LiveClock::Source::sender;
    return {clock_.capture_time(time), sender ? StampSource::device : StampSource::arrival, true};
}

void InputDelivery::look(HostTime now) {
    if (!address_.live() || !pending_.empty()) return;
    if (video_ && !video_->ended()) video_->watch().look(now);
    if (audio_ && !audio_->ended()) audio_->watch().look(now);
}

void InputDelivery::note(const std::string& text, HostTime now) {
    if (outlets_.video)
        outlets_.video->report(SourceEvent::Kind::note, now, text);
    else
        outlets_.audio->report(SourceEvent::Kind::note, now, text);
}

void InputDelivery::report_clock(LiveClock::Seen seen, HostTime now) {
    if (seen == LiveClock::Seen::began_anew)
        note("the sender's time jumped; its media are placed by arrival anew", now);
    if (clock_.source() == LiveClock::Source::sender && !std::exchange(clock_noted_, true))
        note("times are those of the sender's clock (RTCP sender reports)", now);
    const auto refused = clock_.refused_way();
    if (clock_.settled() && refused && !std::exchange(refused_noted_, true))
        note(
            fmt::format("the sender's clock is not used, for it is off by {:.1f} s: times are those of arrival. Set it "
                        "by NTP.",
                        to_seconds(*refused)),
            now);
}

}  // namespace onetake
