#pragma once

#include "base/files.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// Writes 16-bit PCM that stays playable while it grows: RIFF, RF64 in place once it passes 4 GiB. Thread-bound.
class WavWriter {
 public:
    /// `riff_limit`: file size at which it becomes RF64; a test may lower it.
    static Result<WavWriter> create(int dir_fd, std::string path, int sample_rate, int channels,
                                    std::uint64_t riff_limit = 0xFFFFFFFF);
    /// The same in a file that is open and empty.
    static Result<WavWriter> write_to(AppendFile file, int sample_rate, int channels,
                                      std::uint64_t riff_limit = 0xFFFFFFFF);

    /// Appends interleaved samples, whole or not at all: what a failed write left behind is cut off again.
    Status write(std::span<const std::int16_t> interleaved);
    /// Throws away what is behind the first `frames` samples.
    Status cut(std::int64_t frames);
    /// Brings the header's sizes up to date.
    Status refresh_header();
    /// Whether somebody deleted the file: what is written now goes with it.
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

/// Makes the header of a WavWriter's file, open for reading and writing, agree with its length, whatever the header is
/// now; touches nothing if it does. A file of another program, even one it made of ours, is left alone.
/// Value: whether anything was written. `path` is for messages.
Result<bool> repair_wav_header(int fd, const std::string& path, int sample_rate, int channels,
                               std::uint64_t riff_limit = 0xFFFFFFFF);
/// Whether repair_wav_header() would write.
Result<bool> wav_header_needs_repair(int fd, const std::string& path, int sample_rate, int channels,
                                     std::uint64_t riff_limit = 0xFFFFFFFF);

/// Samples per channel in a WavWriter's file, by its length alone.
std::int64_t wav_frames_by_length(int fd, int channels);

/// Reads 16-bit PCM from a WAV or RF64 file, also one that was cut off or is still growing: the file's real length
/// counts, not the header's. Hostile input is an error, never more. Thread-bound.
class WavReader {
 public:
    static Result<WavReader> open(const std::string& path);
    /// The same of an open file; `path` is for messages.
    static Result<WavReader> read_from(UniqueFd fd, std::string path);

    int sample_rate() const { return sample_rate_; }
    int channels() const { return channels_; }
    /// Samples per channel that are in the file now.
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
    std::uint64_t data_limit_ = UINT64_MAX;  // chunks behind the data of a finished file end it
};

}  // namespace onetake
