#pragma once

#include "base/error.h"
#include "media/source.h"

#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// What an offset belongs to: one camera in one format, and one microphone.
struct CalibrationKey {
    std::string camera;      ///< its stable id, else its name
    std::string microphone;  ///< its name
    std::string fourcc;
    int width = 0, height = 0;  ///< pixels
    double fps = 0;
};
CalibrationKey calibration_key(const VideoDescription& camera, const AudioDescription& microphone);
/// Rates that differ by less than a hundredth are the same.
bool same_devices(const CalibrationKey& a, const CalibrationKey& b);

/// A measured offset between a microphone and a camera.
struct Calibration {
    CalibrationKey key;
    Duration offset{};  ///< positive: sound is late
    Duration error{};
    std::size_t pairs = 0;  ///< of flash and beep it was measured with
    std::string measured;   ///< ISO 8601, UTC
};

/// The user's file of measured offsets. Each put() is whole or has not happened, also when several programs write at
/// once. Thread-safe: it holds no state but the path.
class CalibrationStore {
 public:
    explicit CalibrationStore(std::string path) : path_(std::move(path)) {}
    /// `$XDG_CONFIG_HOME/onetake/calibration.json`, by default in `~/.config`. Error: not_found where neither variable
    /// is set.
    static Result<CalibrationStore> of_user();

    /// All of them; none where there is no file. Errors: corrupt, naming the file; those of reading it.
    Result<std::vector<Calibration>> load() const;
    Result<std::optional<Calibration>> find(const CalibrationKey& key) const;
    /// Adds one, in place of an earlier one of the same devices. A file that can't be read is left as it is.
    Status put(const Calibration& calibration) const;
    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

}  // namespace onetake
