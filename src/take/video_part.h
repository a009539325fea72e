#pragma once

#include "base/files.h"
#include "media/matroska_part.h"
#include "take/journal.h"
#include "take/take_dir.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// Writes a part of an encoded track (docs/take-format.md). Thread-bound.
class PartWriter {
 public:
    /// Creates the file with its header. An existing file is one whose record could not be written: it is replaced.
    /// `params.extradata`: a decoder configuration. Errors: unsupported for a codec that a part can't hold; the file's.
    static Result<PartWriter> create(int track_fd, int number, const StreamParams& params);

    /// Appends a packet, `since` after the part's time 0. Returns the offset of its first byte. Errors:
    /// invalid_argument for a packet over kLargestPacket or a negative time; the file's: call truncate() then.
    Result<std::uint64_t> write(Duration since, bool key, std::span<const std::uint8_t> packet);
    Status sync() { return file_.sync(); }
    Status truncate(std::uint64_t size) { return file_.truncate(size); }
    std::uint64_t size() const { return file_.size(); }
    bool deleted() const { return file_.deleted(); }

 private:
    explicit PartWriter(AppendFile file) : file_(std::move(file)) {}

    AppendFile file_;
    std::vector<std::uint8_t> cluster_;  // reused
};

/// Reads packets of a part, also while it grows. Trusts neither file nor journal. Thread-compatible.
class PartReader {
 public:
    /// Errors: not_found; refused.
    static Result<PartReader> open(const TakeDir& dir, const PartRecord& part);
    /// For an open file; `path` is for messages.
    PartReader(UniqueFd fd, std::string path, PartRecord part)
        : fd_(std::move(fd)), path_(std::move(path)), part_(std::move(part)) {}

    /// Whether the file is long enough for the frame.
    bool reaches(const FrameRecord& frame) const;
    /// Reads the frame's packet. Errors: corrupt if it is not what was written.
    Status read(const FrameRecord& frame, std::vector<std::uint8_t>& packet) const;

    /// What is in the file from an offset on: clusters without a record.
    struct Tail {
        std::uint64_t clusters = 0;  ///< complete ones
        std::uint64_t end = 0;       ///< of the last of them
        std::uint64_t partial = 0;   ///< bytes after it
    };
    Result<Tail> tail(std::uint64_t from) const;

    const PartRecord& record() const { return part_; }
    int fd() const { return fd_.get(); }
    const std::string& path() const { return path_; }

 private:
    /// Reads the cluster whose packet begins at `offset`. False if there is no intact one.
    bool read_cluster(std::uint64_t offset, ClusterHeaderBytes& bytes, ClusterHeader& header,
                      std::vector<std::uint8_t>& packet) const;
    Result<std::uint64_t> size() const;

    UniqueFd fd_;
    std::string path_;
    PartRecord part_;
};

}  // namespace onetake
