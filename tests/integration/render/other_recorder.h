#pragma once

#include "support/temp_dir.h"

#include <onetake/take.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

/// What some other program recorded, as files to import: JPEGs with a list of times, a WAV with lines of its clock.
class OtherRecorder {
 public:
    explicit OtherRecorder(const TempDir& dir);

    /// One JPEG for each time; `jpeg_of(i)` returns its bytes.
    template <class JpegOf>
    void store_frames(const std::vector<double>& seconds, JpegOf jpeg_of) {
        for (std::size_t i = 0; i < seconds.size(); ++i) store(i, jpeg_of(i));
        store_times(seconds);
    }

    struct ClockLine {
        std::int64_t sample = 0;
        double seconds = 0;
    };
    void record(const std::vector<std::int16_t>& mono, int rate, const std::vector<ClockLine>& clock);

    /// Imports it all as the take `name` and renders that; fails the running test where something goes wrong.
    std::string import_and_render(const std::string& name, const RecorderConfig& config);

 private:
    void store(std::size_t index, const std::string& jpeg) const;
    void store_times(const std::vector<double>& seconds);

    ImportOptions options_;
    std::string folder_;
};

/// A small JPEG of the test pattern with its number.
std::string pattern_jpeg(int width, int height, std::int64_t number, bool flash = false);

}  // namespace onetake
