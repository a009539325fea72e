#include "sync/calibration.h"

#include "base/files.h"
#include "base/unique_fd.h"
#include "take/journal.h"
#include "take/json_integer.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>

namespace onetake {

namespace {

using nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr std::size_t kMaxFileSize = 4 << 20;
constexpr double kSameRate = 0.01;  // fps

ordered_json to_json(const Calibration& c) {
    return {{"camera", c.key.camera},        {"microphone", c.key.microphone}, {"fourcc", c.key.fourcc},
            {"width", c.key.width},          {"height", c.key.height},         {"fps", c.key.fps},
            {"offset_ns", c.offset.count()}, {"error_ns", c.error.count()},    {"pairs", c.pairs},
            {"measured", c.measured}};
}

// Throws if the number is no integer, or one that does not fit.
template <class T>
T integer(const ordered_json& value, const char* name) {
    const auto number = json_integer<T>(value);
    if (!number) throw std::out_of_range(fmt::format("{} is not an integer in its range", name));
    return *number;
}

// Throws for a key that is missing, of another type or out of range.
Calibration from_json(const ordered_json& j) {
    Calibration c;
    j.at("camera").get_to(c.key.camera);
    j.at("microphone").get_to(c.key.microphone);
    j.at("fourcc").get_to(c.key.fourcc);
    c.key.width = integer<int>(j.at("width"), "width");
    c.key.height = integer<int>(j.at("height"), "height");
    j.at("fps").get_to(c.key.fps);
    c.offset = Duration(integer<std::int64_t>(j.at("offset_ns"), "offset_ns"));
    if (c.offset > kMostOffset || c.offset < -kMostOffset) throw std::out_of_range("offset_ns is above 10 s");
    if (j.contains("error_ns")) c.error = Duration(integer<std::int64_t>(j.at("error_ns"), "error_ns"));
    if (j.contains("pairs")) c.pairs = integer<std::size_t>(j.at("pairs"), "pairs");
    c.measured = j.value("measured", "");
    return c;
}

/// Lock held while the file is read, changed and replaced.
Result<UniqueFd> lock(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd) return fail(file_error("Can't open", path, errno));
    while (::flock(fd.get(), LOCK_EX) != 0)
        if (errno != EINTR) return fail(file_error("Can't lock", path, errno));
    return fd;
}

}  // namespace

CalibrationKey calibration_key(const VideoDescription& camera, const AudioDescription& microphone) {
    return {camera.stable_id.empty() ? camera.name : camera.stable_id,
            microphone.name,
            camera.fourcc,
            camera.width,
            camera.height,
            camera.fps};
}

bool same_devices(const CalibrationKey& a, const CalibrationKey& b) {
    return a.camera == b.camera && a.microphone == b.microphone && a.fourcc == b.fourcc && a.width == b.width &&
           a.height == b.height && std::abs(a.fps - b.fps) < kSameRate;
}

Result<CalibrationStore> CalibrationStore::of_user() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value != nullptr ? value : "");
    };
    auto folder = variable("XDG_CONFIG_HOME");
    if (!folder.starts_with('/')) {
        const auto home = variable("HOME");
        if (home.empty())
            return fail(ErrorCode::not_found,
                        "Neither XDG_CONFIG_HOME nor HOME is set: measured offsets can't be stored.");
        folder = home + "/.config";
    }
    return CalibrationStore(folder + "/onetake/calibration.json");
}

Result<std::vector<Calibration>> CalibrationStore::load() const {
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored)) return std::vector<Calibration>{};
    const auto text = read_file(path_, kMaxFileSize);
    if (!text) return fail(text.error());
    try {
        const auto file = ordered_json::parse(*text);
        if (const auto format = integer<int>(file.at("format"), "format"); format > kFormat)
            return fail(ErrorCode::unsupported,
                        fmt::format("{} has format {}; this program supports {}. Use a newer onetake.", path_, format,
                                    kFormat));
        std::vector<Calibration> all;
        for (const auto& entry : file.at("offsets")) all.push_back(from_json(entry));
        return all;
    } catch (const std::exception& problem) {
        return fail(ErrorCode::corrupt,
                    fmt::format("{} has no readable measured offsets ({}). Remove it and calibrate again.", path_,
                                problem.what()));
    }
}

Result<std::optional<Calibration>> CalibrationStore::find(const CalibrationKey& key) const {
    auto all = load();
    if (!all) return fail(std::move(all).error());
    for (auto& c : *all)
        if (same_devices(c.key, key)) return std::move(c);
    return std::nullopt;
}

Status CalibrationStore::put(const Calibration& calibration) const {
    ONETAKE_TRY(make_folders(std::filesystem::path(path_).parent_path().string()));
    const auto locked = lock(path_ + ".lock");
    if (!locked) return fail(locked.error());
    auto all = load();
    if (!all) return fail(std::move(all).error());
    std::erase_if(*all, [&](const Calibration& c) { return same_devices(c.key, calibration.key); });
    all->push_back(calibration);
    ordered_json entries = ordered_json::array();
    for (const auto& c : *all) entries.push_back(to_json(c));
    auto file = AtomicFile::create(AT_FDCWD, path_);
    if (!file) return fail(std::move(file).error());
    ONETAKE_TRY(file->write(ordered_json{{"format", kFormat}, {"offsets", std::move(entries)}}.dump(
                                2, ' ', false, ordered_json::error_handler_t::replace) +
                            "\n"));
    return file->commit();
}

}  // namespace onetake
