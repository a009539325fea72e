#include "render/chunk_streams.h"

#include "encode/data_encoder.h"
#include "render/track_encoders.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr std::int64_t kFileTicks = 1000;                       // per second
constexpr Duration kPieceOfSilence = std::chrono::seconds(10);  // its packets are in memory together
constexpr std::int64_t kPackets = 8;                            // of audio that an encoder gets before it goes on

std::int64_t in_ms(MediaTime t) {
    return to_ticks(t.time_since_epoch(), kFileTicks);
}

}  // namespace

Result<ChunkStreams> ChunkStreams::open(MediaReader& reader, const ChunksRecord& chunks, const ChunkGrid& grid,
                                        std::int64_t first_chunk) {
    ChunkStreams streams(grid, first_chunk);
    for (const auto& wanted : chunks.streams) ONETAKE_TRY(streams.add_stream(reader, wanted));
    return streams;
}

Status ChunkStreams::add_stream(MediaReader& reader, const ChunkStream& wanted) {
    const auto record = std::ranges::find(reader.tracks(), wanted.track, &TrackRecord::track);
    if (record == reader.tracks().end())
        return fail(ErrorCode::corrupt, fmt::format("The recording has no track {} for the stream \"{}\".",
                                                    to_string(wanted.track), wanted.name));
    const int number = static_cast<int>(streams_.size());
    auto& stream = streams_.emplace_back();
    stream.track = wanted.track;
    if (wanted.track.kind == TrackKind::audio) {
        ONETAKE_TRY(open_audio(reader, wanted, stream));
        reader.map_audio(wanted.track, number);
    } else if (wanted.track.kind == TrackKind::video) {
        stream.params = wanted.params;
        stream.params.kind = TrackKind::video;
        stream.params.time_scale = kFileTicks;
        stream.params.color = record->video.color;
        stream.params.fps = record->video.fps;
        reader.map_encoded(wanted.track, number, true);
    } else {
        stream.params = DataEncoder(wanted.name).params();
        stream.params.time_scale = kFileTicks;
        reader.map_data(wanted.track);
    }
    stream.params.title = wanted.name;
    stream.params.metadata = wanted.metadata;
    return {};
}

Status ChunkStreams::open_audio(const MediaReader& reader, const ChunkStream& wanted, Stream& stream) const {
    const auto* wav = reader.wav(wanted.track);
    if (wav == nullptr)
        return fail(ErrorCode::corrupt, fmt::format("The audio of the stream \"{}\" can't be read.", wanted.name));
    AudioStreamSettings settings;
    settings.sample_rate = wav->sample_rate();
    settings.channels = wav->channels();
    settings.codec = wanted.encoder;
    settings.bit_rate = wanted.bit_rate;
    settings.title = wanted.name;
    auto encoder = AudioStreamEncoder::open(settings);
    if (!encoder) return fail(std::move(encoder).error());
    stream.audio = std::move(*encoder);
    stream.params = stream.audio->params();
    if (first_chunk_ == 1) return {};
    // Packets begin where they would have begun without an interruption. Those before only warm up the encoder.
    const auto piece = std::max<std::int64_t>(stream.params.frame_size, 1);
    const auto place = to_ticks(grid_->place_of(first_chunk_), stream.params.sample_rate);
    const auto begin = std::max<std::int64_t>(place / piece - kPackets, 0) * piece;
    stream.audio->begin_at(begin);
    stream.packet_end = begin;
    return {};
}

StreamParams ChunkStreams::params(int stream, bool first_chunk) const {
    auto params = at(stream).params;
    if (!first_chunk) params.initial_padding = 0;
    return params;
}

std::optional<int> ChunkStreams::stream_of(TrackId track) const {
    const auto found = std::ranges::find(streams_, track, &Stream::track);
    if (found == streams_.end()) return std::nullopt;
    return static_cast<int>(found - streams_.begin());
}

void ChunkStreams::append(ChunkPacket packet, std::vector<ChunkPacket>& out) const {
    if (packet.chunk >= first_chunk_) out.push_back(std::move(packet));
}

// The chunk is that of the nearest tick, as for the encoder; a frame in the tick of another one is a tick later.
Status ChunkStreams::add(CopiedFrame& frame, std::vector<ChunkPacket>& out) {
    auto& stream = streams_[static_cast<std::size_t>(frame.track)];
    const auto tick = stream.ticks.place(frame.time);
    if (!tick) return fail(tick.error());
    stream.ticks.take(*tick);
    ChunkPacket made{frame.track, grid_->chunk_at(frame.time), {}};
    made.packet.pts = made.packet.dts = tick->placed;
    made.packet.duration =
        std::max(std::llround(1000 / (stream.params.fps > 0 ? stream.params.fps : kUnknownFps)), 1LL);
    made.packet.key = frame.key;
    made.packet.bytes = std::move(frame.bytes);
    stream.next_chunk = std::max(stream.next_chunk, made.chunk);
    append(std::move(made), out);
    return {};
}

Status ChunkStreams::add(PlacedData& data, std::vector<ChunkPacket>& out) {
    const auto number = stream_of(data.record.track);
    if (!number) return {};
    auto& stream = streams_[static_cast<std::size_t>(*number)];
    ChunkPacket made{*number, grid_->chunk_at(data.time), {}};
    stream.last_ms = std::max(in_ms(data.time), stream.last_ms);
    made.packet.pts = made.packet.dts = stream.last_ms;
    made.packet.key = true;
    made.packet.bytes = std::move(data.bytes);
    stream.next_chunk = std::max(stream.next_chunk, made.chunk);
    append(std::move(made), out);
    return {};
}

Status ChunkStreams::add(PlacedAudio& audio, std::vector<ChunkPacket>& out) {
    if (audio.run.after_gap) ONETAKE_TRY(fill(audio.track, audio.run.begin, out));
    return encode(audio.track, std::move(audio.run), false, out);
}

Status ChunkStreams::complete(TrackId track, MediaTime until, std::vector<ChunkPacket>& out) {
    const auto number = stream_of(track);
    if (!number) return {};
    auto& stream = streams_[static_cast<std::size_t>(*number)];
    if (stream.audio) {
        // A packet more, because one that begins before `until` ends after it.
        const auto packet = from_ticks(std::max(stream.params.frame_size, 1), stream.params.sample_rate);
        ONETAKE_TRY(fill(*number, until + packet, out));
    }
    stream.next_chunk = std::max(stream.next_chunk, grid_->chunk_at(until));
    return {};
}

Status ChunkStreams::fill(int number, MediaTime until, std::vector<ChunkPacket>& out) {
    const auto& encoder = *streams_[static_cast<std::size_t>(number)].audio;
    while (encoder.position() < until) {
        const auto before = encoder.position();
        ONETAKE_TRY(encode(number, AudioSilence{std::min(until, before + kPieceOfSilence)}, true, out));
        if (encoder.position() == before) break;  // less than a sample
    }
    return {};
}

Status ChunkStreams::encode(int number, EncoderInput input, bool silence, std::vector<ChunkPacket>& out) {
    ONETAKE_TRY(streams_[static_cast<std::size_t>(number)].audio->encode(std::move(input), packets_));
    deal(number, silence, out);
    return {};
}

// An audio packet belongs to the chunk in which it begins; priming to the first.
void ChunkStreams::deal(int number, bool silence, std::vector<ChunkPacket>& out) {
    auto& stream = streams_[static_cast<std::size_t>(number)];
    const auto rate = stream.params.sample_rate;
    const auto time_of = [&](std::int64_t sample) { return MediaTime(from_ticks(sample, rate)); };
    for (auto& packet : packets_) {
        stream.packet_end = packet.pts + packet.duration;
        ChunkPacket made{number, grid_->chunk_at(time_of(packet.pts)), {}, silence};
        packet.pts = packet.dts = in_ms(time_of(packet.pts));
        made.packet = std::move(packet);
        append(std::move(made), out);
    }
    packets_.clear();
    stream.next_chunk = std::max(stream.next_chunk, grid_->chunk_at(time_of(stream.packet_end)));
}

Status ChunkStreams::finish(std::vector<ChunkPacket>& out) {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        if (!streams_[i].audio) continue;
        ONETAKE_TRY(streams_[i].audio->finish(packets_));
        deal(static_cast<int>(i), false, out);
    }
    return {};
}

std::vector<std::string> ChunkStreams::notes() const {
    std::vector<std::string> notes;
    for (const auto& stream : streams_)
        if (stream.audio)
            for (auto& text : stream.audio->notes()) notes.push_back(std::move(text));
    return notes;
}

}  // namespace onetake
