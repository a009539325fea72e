#pragma once

#include "container/file_writer.h"
#include "media/chapter.h"
#include "media/chunk_grid.h"
#include "render/chunk_streams.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// A chunk whose file is complete.
struct FinishedChunk {
    std::int64_t number = 1;
    std::string id;  ///< its file is `<id>.mkv`
    std::string path;
    std::uint64_t bytes = 0;
    std::chrono::milliseconds place{};  ///< its time 0, from the origin
    Duration duration{};
};

struct ChunkFilesOptions {
    std::string folder;
    std::string recording;  ///< unique among all recordings, for the tags
    WallTime origin;        ///< UTC of the origin; 1970 if unknown
    /// The id of a chunk whose first packet has come. An empty one: five digits.
    std::function<std::string(std::int64_t number)> id_of;
    /// Called when the chunk's file is complete, and on the disk.
    std::function<void(const FinishedChunk&)> on_finished;
};

/// Writes packets to one file per chunk. A file is in the folder under another name until it is finished; a chunk
/// without media gets none. Thread-bound. Destroyed, it removes what is not finished.
class ChunkFiles {
 public:
    /// `streams` and `grid` must outlive this.
    ChunkFiles(ChunkFilesOptions options, const ChunkStreams& streams, const ChunkGrid& grid)
        : options_(std::move(options)), streams_(streams), grid_(grid) {}

    /// Writes the packets and clears the vector. Those of a chunk that is finished are left out and counted. Errors:
    /// those of the file.
    Status write(std::vector<ChunkPacket>& packets);
    void add_marker(Chapter marker);
    /// Finishes all chunks before this one, in order.
    Status finish_before(std::int64_t chunk);
    Status finish_all();

    /// Packets left out because they came after their chunk was finished, by stream.
    const std::map<int, std::uint64_t>& late() const { return late_; }
    /// A line each.
    std::vector<std::string> notes();

 private:
    struct Open {
        std::optional<FileWriter> file;  // begun with the first packet that is no silence
        std::string id;
        std::vector<ChunkPacket> silence;  // before it
    };
    Status write(std::int64_t number, Open& chunk, ChunkPacket packet);
    Status begin(std::int64_t number, Open& chunk);
    Status finish(std::int64_t number, Open& chunk);
    std::vector<Chapter> markers_of(std::int64_t number);

    const ChunkFilesOptions options_;
    const ChunkStreams& streams_;
    const ChunkGrid& grid_;
    std::map<std::int64_t, Open> open_;
    std::multimap<std::int64_t, Chapter> markers_;  // by chunk
    std::int64_t finished_before_ = 1;
    std::map<int, std::uint64_t> late_;
    std::uint64_t markers_left_out_ = 0;
    std::vector<Packet> packet_;  // reused
};

}  // namespace onetake
