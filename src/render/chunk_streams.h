#pragma once

#include "encode/audio_stream_encoder.h"
#include "encode/frame_ticks.h"
#include "media/chunk_grid.h"
#include "media/packet.h"
#include "render/media_reader.h"
#include "take/journal.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// A packet of a stream of chunks. Its pts and dts are in ms from the recording's origin.
struct ChunkPacket {
    int stream = 0;
    std::int64_t chunk = 1;
    Packet packet;
    bool silence = false;  ///< made for time in which nothing was recorded
};

/// The streams of a recording's chunks (docs/chunks.md): makes packets of what a MediaReader emits, and says which
/// chunk each belongs to. Video and data are copied; audio comes from one encoder per stream, which runs on.
/// Thread-bound.
class ChunkStreams {
 public:
    /// Maps the reader's tracks. `first_chunk`: packets of earlier chunks are left out, and the audio encoders continue
    /// what is in them. `grid` must outlive this. Errors: corrupt for a stream without a track; those of the audio
    /// encoders.
    static Result<ChunkStreams> open(MediaReader& reader, const ChunksRecord& chunks, const ChunkGrid& grid,
                                     std::int64_t first_chunk);

    std::size_t size() const { return streams_.size(); }
    const TrackId& track(int stream) const { return at(stream).track; }
    /// For the file of a chunk: only the first has an audio codec's priming.
    StreamParams params(int stream, bool first_chunk) const;
    /// Ticks per second of the stream's packets in a file.
    std::int64_t time_scale(int stream) const { return at(stream).params.time_scale; }

    /// Append the packets that an item makes.
    Status add(CopiedFrame& frame, std::vector<ChunkPacket>& out);
    Status add(PlacedAudio& audio, std::vector<ChunkPacket>& out);
    Status add(PlacedData& data, std::vector<ChunkPacket>& out);
    /// The track has no media before `until` that were not added: silence up to there.
    Status complete(TrackId track, MediaTime until, std::vector<ChunkPacket>& out);
    /// There are no further media.
    Status finish(std::vector<ChunkPacket>& out);

    /// Every packet of the stream in an earlier chunk than this was appended.
    std::int64_t next_chunk(int stream) const { return at(stream).next_chunk; }
    /// What the audio encoders had to change, a line each.
    std::vector<std::string> notes() const;

 private:
    struct Stream {
        TrackId track;
        StreamParams params;
        std::int64_t next_chunk = 1;
        FrameTicks ticks{1000};                     // video
        std::int64_t last_ms = 0;                   // data: of the last packet
        std::unique_ptr<AudioStreamEncoder> audio;  // audio
        std::int64_t packet_end = 0;                // audio: of the last packet, samples
    };

    ChunkStreams(const ChunkGrid& grid, std::int64_t first_chunk) : grid_(&grid), first_chunk_(first_chunk) {}
    Status add_stream(MediaReader& reader, const ChunkStream& wanted);
    Status open_audio(const MediaReader& reader, const ChunkStream& wanted, Stream& stream) const;
    const Stream& at(int stream) const { return streams_[static_cast<std::size_t>(stream)]; }
    std::optional<int> stream_of(TrackId track) const;
    Status encode(int number, EncoderInput input, bool silence, std::vector<ChunkPacket>& out);
    Status fill(int number, MediaTime until, std::vector<ChunkPacket>& out);
    void deal(int number, bool silence, std::vector<ChunkPacket>& out);
    void append(ChunkPacket packet, std::vector<ChunkPacket>& out) const;

    const ChunkGrid* grid_;
    std::int64_t first_chunk_;
    std::vector<Stream> streams_;
    std::vector<Packet> packets_;  // reused
};

}  // namespace onetake
