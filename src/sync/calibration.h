#pragma once

#include "base/error.h"
#include "media/source.h"

#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Identifies an offset: one camera in one format, and one microphone.
struct CalibrationKey {
    std::string camera;      ///< its stable id, else its name
    std::string microphone;  ///< its name
    std::string fourcc;
    int width = 0, height = 0;  ///< pixels
    double fps = 0;
};
CalibrationKey calibration_key(const VideoDescription& camera, const AudioDescription& microphone);
/// Frame rates that differ by less than 0.01 are equal.
bool same_devices(const CalibrationKey& a, const CalibrationKey& b);

/// A measured offset between a microphone and a camera.
struct Calibration {
    CalibrationKey key;
    Duration offset{};  ///< positive: audio is late
    Duration error{};
    std::size_t pairs = 0;  ///< of flash and beep it was measured with
    std::string measured;   ///< ISO 8601, UTC
};

/// The user's file of measured offsets. Each put() is atomic, also when several processes write at once. Thread-safe:
/// the only state is the path.
class CalibrationStore {
 public:
    explicit CalibrationStore(std::string path) : path_(std::move(path)) {}
    /// `$XDG_CONFIG_HOME/onetake/calibration.json`, by default in `~/.config`. Error: not_found if neither variable nor
    /// HOME is set.
    static Result<CalibrationStore> of_user();

    /// All offsets; none if there is no file. Errors: corrupt, naming the file; those of reading it.
    Result<std::vector<Calibration>> load() const;
    Result<std::optional<Calibration>> find(const CalibrationKey& key) const;
    /// Adds one, replacing an earlier one of the same devices. A file that can't be read is not changed.
    Status put(const Calibration& calibration) const;
    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

}  // namespace onetake
