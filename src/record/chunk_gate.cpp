#include "record/chunk_gate.h"

#include "base/clock.h"

#include <algorithm>
#include <limits>

namespace onetake {

class ChunkGate::Video final : public VideoReceiver {
 public:
    Video(ChunkGate& gate, Track& track, VideoTrackInput& input) : gate_(gate), track_(track), input_(input) {}
    Buffer buffer(std::size_t bytes) override { return input_.buffer(bytes); }
    Delivery deliver(Frame frame) override {
        const auto time = frame.stamp.time;
        return gate_.pass(track_, time, time, [&] { return input_.deliver(std::move(frame)); });
    }
    void report(SourceEvent event) override { input_.report(std::move(event)); }

 private:
    ChunkGate& gate_;
    Track& track_;
    VideoTrackInput& input_;
};

class ChunkGate::Audio final : public AudioReceiver {
 public:
    Audio(ChunkGate& gate, Track& track, AudioTrackInput& input, int rate)
        : gate_(gate), track_(track), input_(input), rate_(rate) {}
    // A block that begins before the origin is kept: rendering leaves out what is before it.
    Delivery deliver(AudioBlock block) override {
        const auto begin = block.time, end = begin + from_ticks(block.frames(), rate_);
        return gate_.pass(track_, begin, end, [&] { return input_.deliver(std::move(block)); });
    }
    void report(SourceEvent event) override { input_.report(std::move(event)); }

 private:
    ChunkGate& gate_;
    Track& track_;
    AudioTrackInput& input_;
    const int rate_;
};

class ChunkGate::Data final : public DataReceiver {
 public:
    Data(ChunkGate& gate, Track& track, DataTrackInput& input) : gate_(gate), track_(track), input_(input) {}
    Delivery deliver(DataPacket packet) override {
        const auto time = packet.time;
        return gate_.pass(track_, time, time, [&] { return input_.deliver(std::move(packet)); });
    }

 private:
    ChunkGate& gate_;
    Track& track_;
    DataTrackInput& input_;
};

ChunkGate::ChunkGate(std::chrono::milliseconds length, Duration stall_timeout, std::vector<ChunkStream> streams,
                     std::optional<HostTime> origin)
    : grid_(std::make_shared<ChunkGrid>(length)),
      stall_timeout_(stall_timeout),
      wanted_origin_(origin),
      newest_ns_(std::numeric_limits<std::int64_t>::min()) {
    record_.length = length;
    record_.streams = std::move(streams);
}

ChunkGate::~ChunkGate() = default;

ChunkGate::Track& ChunkGate::add_track(TrackId id, const InFlightLimit& in_flight) {
    tracks_.push_back(std::make_unique<Track>(id, in_flight));
    auto& track = *tracks_.back();
    MutexLock lock(track.mutex);
    track.delivered = track.unchanged_since = host_now();
    return track;
}

VideoReceiver& ChunkGate::add(VideoTrackInput& input) {
    auto& track = add_track(input.id(), input.in_flight());
    videos_.push_back(std::make_unique<Video>(*this, track, input));
    return *videos_.back();
}

AudioReceiver& ChunkGate::add(AudioTrackInput& input, int sample_rate) {
    auto& track = add_track(input.id(), input.in_flight());
    audios_.push_back(std::make_unique<Audio>(*this, track, input, sample_rate));
    return *audios_.back();
}

DataReceiver& ChunkGate::add(DataTrackInput& input) {
    auto& track = add_track(input.id(), input.in_flight());
    data_.push_back(std::make_unique<Data>(*this, track, input));
    return *data_.back();
}

void ChunkGate::connect(TakeSink& sink) {
    const auto params = sink.streams();
    const auto encoders = sink.encoders();
    connect(sink, params, encoders);
    if (wanted_origin_) begin(*wanted_origin_);
}

void ChunkGate::connect(TakeSink& sink, const std::vector<std::optional<StreamParams>>& params,
                        const std::vector<std::string>& encoders) {
    MutexLock lock(mutex_);
    sink_ = &sink;
    std::erase_if(record_.streams, [&](const ChunkStream& stream) {
        return std::ranges::none_of(tracks_, [&](const auto& track) { return track->id == stream.track; });
    });
    for (auto& stream : record_.streams) {
        if (stream.track.kind != TrackKind::video) continue;
        const auto index = static_cast<std::size_t>(stream.track.number) - 1;
        stream.encoder = encoders.at(index);
        if (const auto& known = params.at(index)) stream.params = *known;
    }
}

const InFlightLimit& ChunkGate::limit(TrackId track) const {
    return (*std::ranges::find_if(tracks_, [&](const auto& known) { return known->id == track; }))->in_flight;
}

// The record is in the journal before any media.
void ChunkGate::begin(HostTime origin) {
    MutexLock lock(mutex_);
    if (grid_->has_begun() || sink_ == nullptr) return;
    record_.origin = origin;
    sink_->write_later(record_);
    grid_->begin(origin);
}

template <class Deliver>
Delivery ChunkGate::pass(Track& track, HostTime begin, HostTime end, Deliver&& deliver) {
    if (!grid_->has_begun()) this->begin(begin);
    MutexLock lock(track.mutex);
    if (end < grid_->origin() || (begin < end && end == grid_->origin()) || begin < track.closed_before)
        return Delivery::refused;
    track.delivered = host_now();
    auto newest = newest_ns_.load();
    while (newest < to_ns(end) && !newest_ns_.compare_exchange_weak(newest, to_ns(end))) {
    }
    return deliver();
}

std::vector<std::pair<TrackId, HostTime>> ChunkGate::complete_tracks(HostTime now) {
    std::vector<std::pair<TrackId, HostTime>> complete;
    if (!grid_->has_begun()) return complete;
    const auto newest = std::max(host_time_from_ns(newest_ns_), grid_->origin() + stall_timeout_);
    const auto until = grid_->origin() + grid_->place_of(grid_->chunk_at(newest - stall_timeout_));
    if (until <= grid_->origin()) return complete;
    for (const auto& track : tracks_) {
        MutexLock lock(track->mutex);
        // What was passed on before is counted as in flight until it is in the journal.
        const int in_flight = track->in_flight.used();
        if (in_flight != std::exchange(track->last_in_flight, in_flight)) track->unchanged_since = now;
        if (now - track->delivered < stall_timeout_) continue;
        track->closed_before = std::max(track->closed_before, until);
        // An encoder that holds frames until others come is not waited for.
        if (in_flight == 0 || now - track->unchanged_since >= stall_timeout_)
            complete.emplace_back(track->id, track->closed_before);
    }
    return complete;
}

}  // namespace onetake
