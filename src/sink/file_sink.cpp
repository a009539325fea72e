#include "sink/file_sink.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace onetake {

Result<FileSink> FileSink::create(std::string path, FileSinkOptions options) {
    auto muxer = Muxer::create(std::move(path), options.format, std::move(options.file));
    if (!muxer) return fail(std::move(muxer).error());
    return FileSink(std::move(*muxer));
}

Result<int> FileSink::add(Track track) {
    track.params.title = track.result.title;
    auto stream = muxer_->add_stream(track.params);
    if (!stream) return stream;
    track.result.kind = track.params.kind;
    tracks_.push_back(std::move(track));
    return stream;
}

Result<int> FileSink::add_video(const VideoEncoderSettings& settings, std::string title) {
    auto encoder = VideoEncoder::open(settings);
    if (!encoder) return fail(std::move(encoder).error());
    Track track;
    track.result.codec = encoder->name();
    track.result.title = std::move(title);
    track.params = encoder->params();
    notes_.insert(notes_.end(), encoder->notes().begin(), encoder->notes().end());
    track.video = std::move(*encoder);
    return add(std::move(track));
}

Result<int> FileSink::add_audio(const FileAudioSettings& settings) {
    AudioEncoderSettings wanted{settings.codec, settings.sample_rate, settings.channels, settings.bit_rate};
    if (const int usable = AudioEncoder::usable_rate(settings.codec, settings.sample_rate); usable > 0)
        wanted.sample_rate = usable;
    auto encoder = AudioEncoder::open(wanted);
    if (!encoder) return fail(std::move(encoder).error());
    auto resampler = VariableRateResampler::create(settings.sample_rate, settings.channels, wanted.sample_rate);
    if (!resampler) return fail(std::move(resampler).error());
    if (wanted.sample_rate != settings.sample_rate)
        notes_.push_back(fmt::format("Sound of {} Hz is stored at {} Hz, for {} does not take its rate.",
                                     settings.sample_rate, wanted.sample_rate, settings.codec));
    Track track;
    track.result.codec = encoder->name();
    track.result.title = settings.title;
    track.params = encoder->params();
    track.audio = std::move(*encoder);
    track.resampler = std::move(*resampler);
    return add(std::move(track));
}

Result<int> FileSink::add_passthrough(const StreamParams& params) {
    Track track;
    track.result.codec = params.codec;
    track.result.title = params.title;
    track.params = params;
    return add(std::move(track));
}

Status FileSink::begin() {
    if (begun_) return {};
    ONETAKE_TRY(muxer_->begin());
    begun_ = true;
    return {};
}

Result<FileSink::Track*> FileSink::track_of(int number, bool (*fits)(const Track&), const char* what) {
    if (number < 0 || static_cast<std::size_t>(number) >= tracks_.size())
        return fail(ErrorCode::invalid_argument, fmt::format("The file has no track {}.", number));
    Track& track = tracks_[static_cast<std::size_t>(number)];
    if (!fits(track)) return fail(ErrorCode::invalid_argument, fmt::format("Track {} does not take {}.", number, what));
    if (track.ended) return fail(ErrorCode::wrong_state, fmt::format("Track {} has ended.", number));
    if (!begun_) {
        if (auto begun = begin(); !begun) return fail(std::move(begun).error());
    }
    return &track;
}

Result<std::int64_t> FileSink::tick_of(Track& track, MediaTime t) const {
    const std::int64_t tick = to_ticks(t.time_since_epoch(), track.params.time_scale);
    if (t < MediaTime{} || (track.last_tick && tick < *track.last_tick))
        return fail(
            ErrorCode::refused,
            fmt::format("A picture of {} s came after one of {} s.", to_seconds(t.time_since_epoch()),
                        track.last_tick ? to_seconds(from_ticks(*track.last_tick, track.params.time_scale)) : 0.0));
    if (track.last_tick && tick == *track.last_tick) {
        ++track.moved;
        return tick + 1;
    }
    return tick;
}

Status FileSink::put(int stream, Track& track, Packet packet) {
    packet.stream = stream;
    const auto scale = track.params.time_scale;
    const MediaTime begin{from_ticks(std::max<std::int64_t>(packet.pts, 0), scale)};
    const MediaTime end{from_ticks(packet.pts + packet.duration, scale)};
    track.result.begin = std::min(track.result.begin.value_or(begin), begin);
    track.result.end = std::max(track.result.end, end);
    ++written_;
    return muxer_->write(std::move(packet));
}

Status FileSink::write_packets(int stream, Track& track) {
    for (auto& packet : packets_) ONETAKE_TRY(put(stream, track, std::move(packet)));
    packets_.clear();
    return {};
}

Status FileSink::write_video(int number, PlanarImage image, MediaTime t) {
    auto track = track_of(
        number, [](const Track& x) { return x.video.has_value(); }, "pictures");
    if (!track) return fail(std::move(track).error());
    auto tick = tick_of(**track, t);
    if (!tick) return fail(std::move(tick).error());
    packets_.clear();
    ONETAKE_TRY((*track)->video->encode(std::move(image), *tick, packets_));
    (*track)->last_tick = *tick;
    ++(*track)->result.frames;
    return write_packets(number, **track);
}

Status FileSink::write_audio(int number, const TimedAudio& run) {
    auto track = track_of(
        number, [](const Track& x) { return x.audio.has_value(); }, "sound");
    if (!track) return fail(std::move(track).error());
    return (*track)->resampler->write(run,
                                    [&](std::span<const float> samples) { return write_samples(number, samples); });
}

Status FileSink::write_samples(int number, std::span<const float> interleaved) {
    auto track = track_of(
        number, [](const Track& x) { return x.audio.has_value(); }, "sound");
    if (!track) return fail(std::move(track).error());
    packets_.clear();
    ONETAKE_TRY((*track)->audio->encode(interleaved, packets_));
    return write_packets(number, **track);
}

Status FileSink::write_encoded(int number, std::vector<std::uint8_t> bytes, MediaTime t, bool key) {
    auto track = track_of(
        number, [](const Track& x) { return !x.video && !x.audio; }, "encoded pictures");
    if (!track) return fail(std::move(track).error());
    Track& to = **track;
    auto tick = tick_of(to, t);
    if (!tick) return fail(std::move(tick).error());
    Packet packet;
    packet.pts = packet.dts = *tick;
    packet.key = key;
    packet.bytes = std::move(bytes);
    std::optional<Packet> before = std::exchange(to.held, std::move(packet));
    to.last_tick = *tick;
    ++to.result.frames;
    if (!before) return {};
    before->duration = *tick - before->pts;
    return put(number, to, std::move(*before));
}

Status FileSink::write_packet(int number, Packet packet) {
    auto track = track_of(
        number, [](const Track& x) { return !x.video && !x.audio; }, "packets");
    if (!track) return fail(std::move(track).error());
    ++(*track)->result.frames;
    return put(number, **track, std::move(packet));
}

Status FileSink::end_track(int number) {
    auto found = track_of(
        number, [](const Track&) { return true; }, "");
    if (!found) return fail(std::move(found).error());
    Track& track = **found;
    if (track.resampler)
        ONETAKE_TRY(
            track.resampler->finish([&](std::span<const float> samples) { return write_samples(number, samples); }));
    packets_.clear();
    if (track.video) ONETAKE_TRY(track.video->finish(packets_));
    if (track.audio) {
        ONETAKE_TRY(track.audio->finish(packets_));
        track.result.samples = track.audio->samples();
    }
    if (track.held) {
        const double nominal =
            static_cast<double>(track.params.time_scale) / (track.params.fps > 0 ? track.params.fps : 30);
        track.held->duration = std::max<std::int64_t>(1, std::llround(nominal));
        packets_.push_back(std::move(*track.held));
        track.held.reset();
    }
    ONETAKE_TRY(write_packets(number, track));
    track.ended = true;
    return muxer_->end_stream(number);
}

int FileSink::sample_rate(int track) const {
    if (track < 0 || static_cast<std::size_t>(track) >= tracks_.size()) return 0;
    return tracks_[static_cast<std::size_t>(track)].params.sample_rate;
}

Result<FileSinkResult> FileSink::finish() {
    for (std::size_t i = 0; i < tracks_.size(); ++i)
        if (!tracks_[i].ended) ONETAKE_TRY(end_track(static_cast<int>(i)));
    FileSinkResult result;
    if (written_ > 0) {
        auto file = muxer_->finish();
        if (!file) return fail(std::move(file).error());
        result.path = std::move(file->path);
        result.bytes = file->bytes;
        notes_.insert(notes_.end(), file->notes.begin(), file->notes.end());
    } else {
        muxer_.reset();
        notes_.push_back("Nothing was written, so no file was made.");
    }
    for (auto& track : tracks_) {
        if (track.moved > 0)
            notes_.push_back(
                fmt::format("{} pictures had the stamp of the one before and lie a tick later.", track.moved));
        result.duration = std::max(result.duration, track.result.end.time_since_epoch());
        result.tracks.push_back(std::move(track.result));
    }
    result.notes = std::move(notes_);
    return result;
}

}  // namespace onetake
