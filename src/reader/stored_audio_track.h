#pragma once

#include "media/timed_audio.h"
#include "take/journal.h"
#include "take/track_clock.h"
#include "take/wav.h"

#include <onetake/take_reader.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// One audio track of a take: its samples and their times. Const calls from any number of threads at once.
class StoredAudioReader {
 public:
    /// `path`: of the WAV.
    StoredAudioReader(const TrackRecord& record, std::string path);

    /// Adds the journal's next block.
    void add(const BlockRecord& block);
    /// What feeds the track has left: later blocks may come from another device.
    void end();
    /// All blocks so far were added. `shift`: added to all times. `complete`: there will be no more.
    void update(Duration shift, bool complete);

    std::int64_t count() const { return count_; }
    std::span<const SampleSpan> spans() const { return spans_; }
    /// Errors: invalid_argument.
    Result<std::int64_t> time_of(std::int64_t sample) const;
    Result<std::vector<std::int16_t>> read(std::int64_t first, std::int64_t count) const;
    Result<std::vector<std::int16_t>> between(std::int64_t from_ns, std::int64_t to_ns) const;

 private:
    const TrackId track_;
    const int rate_, channels_;
    const std::string path_;
    const AudioDescription description_;
    std::optional<AudioClock> clock_;  // always set; one after the other
    std::vector<std::size_t> again_;   // indices of the spans that begin the track again
    std::vector<AudioSpan> settled_;
    std::vector<SampleSpan> spans_;
    std::int64_t count_ = 0;
};

}  // namespace onetake
