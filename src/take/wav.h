#pragma once

#include "base/files.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// Writes 16-bit PCM that stays playable while it grows: RIFF, converted in place to RF64 above 4 GiB. Thread-bound.
class WavWriter {
 public:
    /// `riff_limit`: file size above which it becomes RF64; tests may lower it.
    static Result<WavWriter> create(int dir_fd, std::string path, int sample_rate, int channels,
                                    std::uint64_t riff_limit = 0xFFFFFFFF);
    /// The same in an open, empty file.
    static Result<WavWriter> write_to(AppendFile file, int sample_rate, int channels,
                                      std::uint64_t riff_limit = 0xFFFFFFFF);

    /// Appends all interleaved samples or none: a partial write is truncated.
    Status write(std::span<const std::int16_t> interleaved);
    /// Discards everything after the first `frames` samples.
    Status truncate(std::int64_t frames);
    /// Updates the header's sizes.
    Status refresh_header();
    /// Whether the file was deleted: what is written now is lost.
    bool deleted() const { return file_.deleted(); }
    Status sync() { return file_.sync(); }
    /// Samples per channel written.
    std::int64_t frames() const { return frames_; }

 private:
    WavWriter(AppendFile file, int sample_rate, int channels, std::uint64_t riff_limit);

    AppendFile file_;
    int sample_rate_, channels_;
    std::uint64_t riff_limit_;
    std::int64_t frames_ = 0;
};

/// Sets the header of a WavWriter's file, open for reading and writing, to match its length, if it doesn't. A file
/// written or modified by another program is not changed. Returns whether anything was written. `path` is for messages.
Result<bool> repair_wav_header(int fd, const std::string& path, int sample_rate, int channels,
                               std::uint64_t riff_limit = 0xFFFFFFFF);
/// Whether repair_wav_header() would write.
Result<bool> wav_header_needs_repair(int fd, const std::string& path, int sample_rate, int channels,
                                     std::uint64_t riff_limit = 0xFFFFFFFF);

/// Samples per channel in a WavWriter's file, from its length alone.
std::int64_t wav_frames_by_length(int fd, int channels);

/// Reads 16-bit PCM from a WAV or RF64 file, also one that was truncate off or is still growing: the file's real length
/// counts, not the header's. Hostile input is an error, never more. Thread-bound.
class WavReader {
 public:
    static Result<WavReader> open(const std::string& path);
    /// The same for an open file; `path` is for messages.
    static Result<WavReader> read_from(UniqueFd fd, std::string path);

    int sample_rate() const { return sample_rate_; }
    int channels() const { return channels_; }
    /// Samples per channel currently in the file.
    std::int64_t frames() const;
    /// Reads samples [first, first + count) into `out` (interleaved); fewer where the file ends.
    Status read(std::int64_t first, std::int64_t count, std::vector<std::int16_t>& out);
    const std::string& path() const { return path_; }

 private:
    WavReader(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    UniqueFd fd_;
    std::string path_;
    int sample_rate_ = 0, channels_ = 0;
    std::uint64_t data_offset_ = 0;
    std::uint64_t data_limit_ = UINT64_MAX;  // from the header, if chunks follow the data
};

}  // namespace onetake
