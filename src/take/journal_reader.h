#pragma once

#include "base/unique_fd.h"
#include "take/journal.h"
#include "take/take_dir.h"

#include <cstdint>
#include <string>

namespace onetake {

/// Reads a journal from its start, also while it is being written. Memory is bounded by the longest line allowed.
/// Thread-bound.
class JournalReader {
 public:
    /// Opens `<take>/timeline.jsonl` and checks that its first line is a take record of a supported format. Symbolic
    /// links are not followed. Errors: not_found; refused; corrupt, also if the first line is missing or incomplete.
    static Result<JournalReader> open(const std::string& take_folder);
    static Result<JournalReader> open(const TakeDir& dir);
    /// The same for an open file; `path` is for messages.
    static Result<JournalReader> read_from(UniqueFd fd, std::string path);

    /// The next record of a known kind. Empty at the current end of the file, which may still grow. A line that is not
    /// a record, or too long, is skipped and counted.
    Result<std::optional<JournalRecord>> next();

    const TakeRecord& take() const { return take_; }
    /// Lines skipped because they were not records.
    std::uint64_t bad_lines() const { return bad_lines_; }
    /// Bytes after the last `\n`: a line truncated by a crash, or being written.
    std::uint64_t unfinished_bytes() const { return skipped_ + buffer_.size() - at_; }
    /// Position in the file after the last record returned.
    std::uint64_t offset() const { return offset_; }
    /// Whether a process is writing this take now.
    bool being_written() const;

 private:
    JournalReader(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    /// The next complete line without `\n`, valid until the next call; empty if there is none yet.
    Result<std::optional<std::string_view>> next_line();

    UniqueFd fd_;
    std::string path_;
    std::string buffer_;
    std::size_t at_ = 0;
    std::uint64_t offset_ = 0, bad_lines_ = 0;
    std::uint64_t skipped_ = 0;  ///< bytes of a line that is too long, already discarded
    TakeRecord take_;
};

}  // namespace onetake
