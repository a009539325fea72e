#pragma once

#include "base/files.h"
#include "media/data_packet.h"
#include "take/journal.h"
#include "take/take_dir.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// Writes the file of a data track (docs/take-format.md). Thread-bound.
class DataFileWriter {
 public:
    /// Creates the file; fails if it exists.
    static Result<DataFileWriter> create(int take_fd, std::string path);

    /// Appends a packet's bytes. Returns the offset of the first. Errors: invalid_argument for none or more than
    /// kLargestData; the file's: call truncate() then.
    Result<std::uint64_t> write(std::span<const std::uint8_t> bytes);
    Status sync() { return file_.sync(); }
    Status truncate(std::uint64_t size) { return file_.truncate(size); }
    std::uint64_t size() const { return file_.size(); }
    bool deleted() const { return file_.deleted(); }

 private:
    explicit DataFileWriter(AppendFile file) : file_(std::move(file)) {}

    AppendFile file_;
};

/// Reads packets of a data track, also while it grows. Trusts neither file nor journal. Thread-compatible.
class DataFileReader {
 public:
    /// `track`: as in the journal. Errors: not_found; refused.
    static Result<DataFileReader> open(const TakeDir& dir, TrackId track);
    /// For an open file; `path` is for messages.
    DataFileReader(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    /// Whether the file is long enough for the packet.
    bool reaches(const DataRecord& record) const;
    /// Reads the packet's bytes. Errors: corrupt if they are not what was written.
    Status read(const DataRecord& record, std::vector<std::uint8_t>& bytes) const;
    Result<std::uint64_t> size() const;

    const std::string& path() const { return path_; }

 private:
    UniqueFd fd_;
    std::string path_;
};

}  // namespace onetake
