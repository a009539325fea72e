#pragma once

#include "take/take_dir.h"
#include "take/take_files.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace onetake {

/// Frees the disk of media of a running take that are stored elsewhere: removes parts of encoded tracks, and punches
/// holes into the files of audio and data, whose lengths stay. Where the file system has no holes, those files stay as
/// they are. Thread-bound.
class TakeTrimmer {
 public:
    static Result<TakeTrimmer> open(const std::string& take_folder);

    /// The part must not be the one that is being written.
    void remove_part(TrackId video, int number);
    /// Frees an audio or data track's file up to this offset, but for its first bytes.
    void free_until(TrackId track, std::uint64_t offset);
    /// Of what could not be freed, once: a line each.
    std::vector<std::string> notes() const { return notes_; }

 private:
    struct File {
        UniqueFd fd;
        std::uint64_t freed = 0;
    };
    explicit TakeTrimmer(TakeDir dir) : dir_(std::move(dir)) {}

    TakeDir dir_;
    std::map<std::string, File> files_;  // by track
    std::vector<std::string> notes_;
};

}  // namespace onetake
