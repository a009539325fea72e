#include "record/room_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/ulid.h"
#include "codec/frame_converter.h"
#include "encode/image_stream_encoder.h"
#include "inspect/stored_take.h"
#include "mix/display_name.h"
#include "record/finish_take.h"
#include "record/pushed_frame.h"
#include "record/try_outputs.h"
#include "record/work_take.h"
#include "take/json_integer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

namespace onetake {

namespace {

constexpr Duration kAudioSilence = std::chrono::seconds(5);  // after which nobody waits for an audio track
constexpr Duration kLongestAudioGap = std::chrono::milliseconds(50);
constexpr double kLongestVideoGap_s = 0.5;
constexpr std::size_t kMostTrackErrors = 10, kMostGaps = 1000;
constexpr int kProbeWidth = 640, kProbeHeight = 360;
constexpr const char* kRoomKey = "room";

// A take that begins without tracks, whose file lies beside it.
RecorderConfig recorder_config(const FileRecordingConfig& room) {
    RecorderConfig c;
    c.video.clear();
    c.audio.clear();
    c.marker_socket = false;
    c.store.codec = room.video_codec;
    c.store.preset = room.preset;
    c.store.crf = room.crf;
    c.store.bitrate = room.bitrate;
    c.store.keyframe_s = room.keyframe_s;
    c.store.on_full = room.on_full;
    c.encode.container = room.format;
    c.encode.audio_bitrate = room.audio_bitrate;
    c.data_dir = c.processed_dir = room.storage;
    return c;
}

std::string room_json(const FileRecordingConfig& room, const std::string& name) {
    return nlohmann::ordered_json{{"name", display_name(name)},
                                  {"layout", room.layout == RoomLayout::composite ? "composite" : "tracks"},
                                  {"audio_codec", room.audio_codec},
                                  {"audio_sample_rate", room.audio_sample_rate},
                                  {"audio_channels", room.audio_channels}}
        .dump();
}

std::string random_hex() {
    std::random_device random;
    return fmt::format("{:08x}{:04x}", random(), random() & 0xffff);
}

const char* kind_of(RoomMedia media) {
    return media == RoomMedia::audio ? "audio" : media == RoomMedia::video ? "video" : "screen share";
}

std::string title_of(const RecordingTrack& track) {
    return fmt::format("{} ({})", display_name(track.participant), kind_of(track.media));
}

double seconds(HostTime t) {
    return to_seconds(t.time_since_epoch());
}

}  // namespace

AudioOutput room_audio(const FileRecordingConfig& config) {
    return {config.audio_codec, config.audio_sample_rate, config.layout == RoomLayout::composite,
            config.audio_channels};
}

std::optional<AudioOutput> room_audio_of(const std::string& take_config_json) {
    const auto config = nlohmann::json::parse(take_config_json, nullptr, false);
    if (!config.is_object() || !config.contains(kRoomKey) || !config[kRoomKey].is_object()) return std::nullopt;
    const auto& room = config[kRoomKey];
    AudioOutput audio;
    try {
        audio.codec = room.value("audio_codec", audio.codec);
        const auto rate = json_integer<int>(room.value("audio_sample_rate", nlohmann::json()));
        audio.sample_rate = std::clamp(rate.value_or(16000), 8000, 192'000);
        const auto channels = json_integer<int>(room.value("audio_channels", nlohmann::json()));
        audio.channels = std::clamp(channels.value_or(1), 1, 2);
        audio.mix = room.value("layout", "tracks") == "composite";
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
    return audio;
}

// The reverse of title_of().
std::vector<std::pair<std::string, std::string>> room_track_tags(const std::string& title) {
    for (const auto media : {RoomMedia::audio, RoomMedia::video, RoomMedia::screen_share})
        if (const auto end = fmt::format(" ({})", kind_of(media)); title.ends_with(end))
            return {{"PARTICIPANT", title.substr(0, title.size() - end.size())}, {"KIND", kind_of(media)}};
    return {};
}

Result<std::unique_ptr<RoomSession>> RoomSession::start(const FileRecordingConfig& config,
                                                        const MediaRecordingConfig& room, EventCallback on_event,
                                                        ProgressCallback on_progress) {
    std::unique_ptr<RoomSession> session(new RoomSession(config, room.room));
    ONETAKE_TRY(session->begin(room, std::move(on_event), std::move(on_progress)));
    return session;
}

RoomSession::RoomSession(FileRecordingConfig config, std::string room)
    : room_(std::move(config)),
      name_(std::move(room)),
      gate_(room_.start_when == RoomStart::all_tracks ? std::optional(room_.start_timeout_s) : std::nullopt) {}

Status RoomSession::begin(const MediaRecordingConfig&, EventCallback on_event, ProgressCallback on_progress) {
    config_ = recorder_config(room_);
    color_.range = ColorRange::limited;
    events_.set(std::move(on_event));
    ONETAKE_TRY(prove_encoder());
    auto names = TakeNames::of_session("room_" + random_hex(), room_.storage, extension_of(room_.format));
    if (!names) return fail(std::move(names).error());
    auto tracks = config_;
    tracks.video = {VideoTrackConfig{}};
    tracks.audio = {AudioTrackConfig{}};
    tracks.video.front().fps = room_.video_fps;
    tracks.audio.front().sample_rate = room_.audio_sample_rate;
    tracks.audio.front().channels = room_.audio_channels;
    auto notes = try_outputs(tracks, names->current(), {});
    if (!notes) return fail(std::move(notes).error());
    RecordingOptions options{std::move(*names),
                             std::move(*notes),
                             [this](const RecorderEvent& event) { events_.post(event); },
                             true,
                             PixelRange::limited,
                             true,
                             {kRoomKey, room_json(room_, name_)},
                             true};
    auto recording = Recording::start(config_, std::move(options));
    if (!recording) return fail(std::move(recording).error());
    recording_ = std::move(*recording);
    const OutputCallbacks callbacks{std::move(on_progress), {}, [this](EventKind kind, const std::string& text) {
                                        events_.post({kind, seconds(host_now()), "", 0, text});
                                    }};
    outputs_.emplace(config_, recording_->name(), callbacks, std::stop_token(), room_audio(room_),
                     composes() ? TrackTags() : room_track_tags);
    outputs_->start_live(true, false, {});
    return {};
}

// One that is named must open; "auto" falls back when the first track comes.
Status RoomSession::prove_encoder() const {
    if (room_.video_codec == "auto") return {};
    LiveVideoSettings live;
    live.codec = room_.video_codec;
    live.preset = room_.preset;
    auto settings = live_encoder_settings(live, kProbeWidth, kProbeHeight, PixelFormat::i420, 1);
    settings.color = color_;
    const auto opened = ImageStreamEncoder::open(settings);
    return opened ? Status{} : fail(opened.error());
}

RoomSession::~RoomSession() {
    if (!recording_ || stopped_) return;
    if (const auto stopped = stop(); !stopped) log().error("{}", stopped.error().message);
}

RoomSession::Slot* RoomSession::slot_of(const RecordingTrack& track) {
    const auto at =
        std::ranges::find_if(slots_, [&](const auto& s) { return s->present && s->number == track.number; });
    return at == slots_.end() ? nullptr : at->get();
}

// Who comes again gets the track of before.
Status RoomSession::add(const RecordingTrack& track) {
    const bool audio = track.media == RoomMedia::audio;
    const auto known = std::ranges::find_if(slots_, [&](const auto& s) {
        return !s->present && s->result.participant == track.participant && s->result.media == track.media &&
               (!audio || (s->sample_rate == track.sample_rate && s->channels == track.channels));
    });
    Slot* slot = known == slots_.end() ? nullptr : known->get();
    if (slot == nullptr) {
        auto made = std::make_unique<Slot>();
        made->result.participant = track.participant;
        made->result.media = track.media;
        made->sample_rate = track.sample_rate;
        made->channels = track.channels;
        made->id = static_cast<int>(slots_.size());
        ONETAKE_TRY(open(*made, track));
        slots_.push_back(std::move(made));
        slot = slots_.back().get();
    }
    slot->number = track.number;
    slot->present = true;
    slot->begun = false;
    gate_.add(track.number);
    return {};
}

Status RoomSession::open(Slot& slot, const RecordingTrack& track) {
    if (track.media == RoomMedia::audio) {
        AudioTrackConfig config;
        config.source = SourceKind::external;
        config.label = title_of(track);
        config.sample_rate = track.sample_rate;
        config.channels = track.channels;
        config.blocksize = track.sample_rate / 100;  // blocks of 10 ms are common
        auto added = recording_->add_audio(config);
        if (!added) return fail(std::move(added).error());
        slot.audio = *added;
        slot.feeds = true;
        return {};
    }
    const double fps = track.fps > 0 ? track.fps : room_.video_fps;
    slot.interval_s = 1 / fps;
    if (composes()) {
        slot.composite_id = slot.id;
        return open_composite();
    }
    VideoTrackConfig config;
    config.source = SourceKind::external;
    config.label = title_of(track);
    config.fps = fps;
    auto added = recording_->add_video(config);
    if (!added) return fail(std::move(added).error());
    slot.video = *added;
    slot.feeds = true;
    return {};
}

Status RoomSession::open_composite() {
    if (composite_) return {};
    VideoTrackConfig config;
    config.source = SourceKind::external;
    config.label = display_name(name_.empty() ? "room" : name_);
    config.fps = room_.video_fps;
    auto added = recording_->add_video(config);
    if (!added) return fail(std::move(added).error());
    composed_ = *added;
    RoomCompositeOptions options;
    options.width = room_.width;
    options.height = room_.height;
    options.fps = room_.video_fps;
    options.color = color_;
    options.wait_for_all = room_.on_full == OnFull::block;
    options.out = [source = added->source](Frame frame) {
        const double t = seconds(frame.stamp.time);
        (void)source->push(std::move(frame), t);  // a full queue and a full disk are counted
    };
    composite_ = std::make_unique<RoomComposite>(std::move(options));
    for (const auto& slot : slots_)
        if (slot->audio.source != nullptr && slot->present && slot->begun)
            composite_->hear(slot->id, slot->result.participant, *slot->last);
    return {};
}

Status RoomSession::remove(const RecordingTrack& track) {
    auto* slot = slot_of(track);
    if (slot == nullptr) return fail(ErrorCode::not_found, fmt::format("Track {} is not recorded.", track.number));
    slot->leaves = true;
    pass_on(gate_.remove(track.number));
    if (slot->leaves && !gate_.holds(track.number)) end(*slot);
    return {};
}

void RoomSession::end(Slot& slot) {
    slot.present = slot.leaves = false;
    end_media(slot);
    if (composite_ && slot.audio.source != nullptr && slot.last_end) composite_->end_hearing(slot.id, *slot.last_end);
}

// Nobody waits for what has left.
void RoomSession::end_media(Slot& slot) {
    if (slot.composite_id >= 0 && slot.last) {
        composite_->end(slot.composite_id, *slot.last + duration_from_seconds(slot.interval_s));
    } else if (slot.feeds) {
        recording_->end_track(slot.audio.source != nullptr ? slot.audio.track : slot.video.track);
        slot.feeds = false;
    }
}

// Of a track that gives nothing for a while, what it gave gets its place now.
void RoomSession::end_silent(HostTime now) {
    if (looked_ != HostTime::min() && now - looked_ < std::chrono::seconds(1)) return;
    looked_ = now;
    for (const auto& slot : slots_)
        if (slot->audio.source != nullptr && slot->feeds && slot->last_end && now - *slot->last_end > kAudioSilence)
            end_media(*slot);
}

Status RoomSession::data(const RecordingTrack& track, const MediaData& data, double timestamp_ms) {
    if (room_.start_when == RoomStart::first_media || !std::isfinite(timestamp_ms))
        return take({track, data, timestamp_ms});
    HeldMedia media{track, data, timestamp_ms};
    if (!media.data.owner) {
        const auto copy = std::make_shared<std::vector<std::uint8_t>>(data.bytes.begin(), data.bytes.end());
        media.data.bytes = *copy;
        media.data.owner = copy;
    }
    pass_on(gate_.take(std::move(media)));
    return {};
}

void RoomSession::pass_on(const std::vector<HeldMedia>& held) {
    for (const auto& media : held) (void)take(media);  // errors are in the track's result
    for (const auto& slot : slots_)
        if (slot->leaves && gate_.is_open()) end(*slot);
    if (gate_.is_open() && !std::exchange(late_noted_, true)) note_late_tracks();
}

void RoomSession::note_late_tracks() {
    for (const auto& slot : slots_)
        if (std::ranges::find(gate_.late(), slot->number) != gate_.late().end())
            recording_->note(fmt::format("{} of {} delivered nothing within {} s; the file begins without it.",
                                         to_string(slot->result.media), display_name(slot->result.participant),
                                         room_.start_timeout_s));
}

Status RoomSession::take(const HeldMedia& media) {
    const auto& [track, data, timestamp_ms] = media;
    auto* slot = slot_of(track);
    if (slot == nullptr) return fail(ErrorCode::not_found, fmt::format("Track {} is not recorded.", track.number));
    const bool audio = track.media == RoomMedia::audio;
    const auto units = audio ? data.bytes.size() / sizeof(std::int16_t) / static_cast<std::size_t>(slot->channels) : 1;
    slot->result.delivered += units;
    Status status = fail(ErrorCode::refused, "Its time is not a time in milliseconds on CLOCK_MONOTONIC.");
    if (constexpr double kLatest_ms = 1e12; std::isfinite(timestamp_ms) && std::abs(timestamp_ms) < kLatest_ms) {
        const HostTime time(duration_from_seconds(timestamp_ms * 1e-3));
        status = audio ? push_audio(*slot, data, time) : push_video(*slot, track, data, time);
        end_silent(time);
    }
    if (status || status.error().code == ErrorCode::no_space) return status;
    slot->result.refused += units;
    auto& errors = slot->result.errors;
    if (errors.size() < kMostTrackErrors && std::ranges::find(errors, status.error().message) == errors.end())
        errors.push_back(status.error().message);
    return status;
}

Status RoomSession::push_video(Slot& slot, const RecordingTrack& track, const MediaData& data, HostTime time) {
    if (track.format != VideoFrameFormat::jpeg && !image_format(track.format)) {
        ++slot.result.refused;
        if (!std::exchange(slot.other_format, true))
            slot.result.errors.push_back(
                fmt::format("{} frames are skipped; only raw ones and JPEGs are recorded.", to_string(track.format)));
        return {};
    }
    const VideoFrame frame{track.format, track.width,   track.height, data.stride,
                           data.bytes,   seconds(time), data.range,   data.matrix};
    if (composes()) return push_composed(slot, frame, data.owner, time);
    auto converted = frame_of(frame, data.owner, *slot.video.source);
    if (converted) converted = to_bt601(std::move(*converted), *images_);
    if (!converted) return fail(std::move(converted).error());
    ONETAKE_TRY(data.is_arrival ? slot.video.source->push(std::move(*converted), std::nullopt, time)
                                : slot.video.source->push(std::move(*converted), seconds(time)));
    slot.feeds = true;
    count(slot, time, time, duration_from_seconds(std::max(kLongestVideoGap_s, 3 * slot.interval_s)));
    return {};
}

Status RoomSession::push_composed(Slot& slot, const VideoFrame& frame, std::shared_ptr<const void> owner,
                                  HostTime time) {
    auto converted = frame_of(frame, std::move(owner), *composed_.source);
    if (!converted) return fail(std::move(converted).error());
    Result<PlanarImage> image;
    if (converted->format == PixelFormat::jpeg) {
        if (!decoder_) {
            auto decoder = JpegDecoder::create();
            if (!decoder) return fail(std::move(decoder).error());
            decoder_.emplace(std::move(*decoder));
        }
        image = decoder_->decode(converted->bytes.span(), *images_, converted->color.matrix);
    } else {
        image = to_planar(*converted, color_, *images_);
    }
    if (!image) return fail(std::move(image).error());
    if (!slot.begun)
        composite_->add(slot.composite_id, slot.result.participant, slot.result.media == RoomMedia::screen_share, time);
    const auto pushed = composite_->push(slot.composite_id, time, std::move(*image));
    if (pushed == RoomComposite::Pushed::refused)
        return fail(ErrorCode::refused, "Its stamp is not later than that of the frame before.");
    count(slot, time, time, duration_from_seconds(std::max(kLongestVideoGap_s, 3 * slot.interval_s)));
    return {};
}

Status RoomSession::push_audio(Slot& slot, const MediaData& data, HostTime time) {
    AudioBlock block;
    block.channels = slot.channels;
    block.samples.resize(data.bytes.size() / sizeof(std::int16_t));
    if (block.samples.empty() || block.samples.size() % static_cast<std::size_t>(slot.channels) != 0)
        return fail(ErrorCode::refused,
                    fmt::format("{} bytes are no samples of {} channels.", data.bytes.size(), slot.channels));
    std::memcpy(block.samples.data(), data.bytes.data(), data.bytes.size());
    const auto length = from_ticks(block.frames(), slot.sample_rate);
    ONETAKE_TRY(data.is_arrival ? slot.audio.source->push(std::move(block), std::nullopt, time + length)
                                : slot.audio.source->push(std::move(block), seconds(time)));
    slot.feeds = true;
    if (composite_ && !slot.begun) composite_->hear(slot.id, slot.result.participant, time);
    if (composite_) composite_->reach(time);
    count(slot, time, time + length, kLongestAudioGap);
    return {};
}

void RoomSession::count(Slot& slot, HostTime begin, HostTime end, Duration longest_gap) {
    auto& result = slot.result;
    if (!std::exchange(slot.begun, true)) {
        result.intervals.push_back({seconds(begin), seconds(end)});
    } else {
        auto& interval = result.intervals.back();
        if (slot.last_end && begin - *slot.last_end > longest_gap && result.gaps.size() < kMostGaps)
            result.gaps.push_back({seconds(*slot.last_end), seconds(begin)});
        interval.to_s = std::max(interval.to_s, seconds(end));
    }
    slot.last = std::max(slot.last.value_or(begin), begin);
    slot.last_end = std::max(slot.last_end.value_or(end), end);
}

Result<MediaRecordingResult> RoomSession::stop() {
    stopped_ = true;
    const bool early = recording_->ended_early();
    pass_on(gate_.finish());
    if (composite_) composite_->finish();
    // A full disk's last space is needed to close the take.
    if (early) outputs_->abandon_live();
    recording_->end_capture();
    auto take = finish_take(*recording_, *outputs_, true, false);
    if (!take) {
        events_.flush();
        return fail(std::move(take).error());
    }
    auto result = result_of(*take);
    outputs_.reset();
    events_.flush();
    return result;
}

MediaRecordingResult RoomSession::result_of(TakeResult& take) {
    MediaRecordingResult r;
    const auto& m = take.metrics;
    r.codec = m.frames > 0 ? m.encoder : "";
    r.notes = m.notes;
    if (composite_)
        for (auto& note : composite_->notes()) r.notes.push_back(std::move(note));
    auto failures = take.failures;
    if (!m.ended_early.empty()) failures.push_back(fmt::format("The recording ended early: {}", m.ended_early));
    auto file = settle_work_take(*recording_, room_.storage, take, room_.keep_take, std::move(failures));
    r.path = std::move(file.path);
    r.take = std::move(file.take);
    r.size_bytes = file.bytes;
    r.failures = std::move(file.failures);
    for (auto& note : file.notes) r.notes.push_back(std::move(note));
    for (const auto& slot : slots_) {
        fill(*slot, take);
        slot->result.participant = display_name(slot->result.participant);
        for (const auto& interval : slot->result.intervals)
            r.duration_s = std::max(r.duration_s, interval.to_s + slot->interval_s);
        r.tracks.push_back(std::move(slot->result));
    }
    // An encoder of audio pads its last packet: the file may be longer than what was recorded.
    r.duration_s = std::min(r.duration_s, file.duration_s);
    return r;
}

void RoomSession::fill(Slot& slot, const TakeResult& take) const {
    auto& r = slot.result;
    const auto origin = outputs_->origin() ? seconds(*outputs_->origin()) : 0;
    for (auto* list : {&r.intervals, &r.gaps})
        for (auto& interval : *list)
            interval = {std::max(0.0, interval.from_s - origin), std::max(0.0, interval.to_s - origin)};
    if (slot.composite_id >= 0) {
        r.written = composite_ ? composite_->shown(slot.composite_id) : 0;
        r.dropped = r.delivered - r.refused - std::min(r.written, r.delivered - r.refused);
        return;
    }
    const auto id = to_string(slot.audio.source != nullptr ? slot.audio.track : slot.video.track);
    const auto counters = std::ranges::find(take.metrics.counters, id, &TrackCounters::track);
    if (counters == take.metrics.counters.end()) return;
    r.written = counters->written;
    r.dropped = counters->dropped_queue;
    r.lost = counters->lost() - counters->dropped_queue;
}

}  // namespace onetake
