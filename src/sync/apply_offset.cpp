#include "base/files.h"
#include "sync/calibration.h"
#include "take/journal.h"
#include "take/manifest.h"
#include "take/take_dir.h"

#include <onetake/calibration.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <utility>
#include <variant>

namespace onetake {

namespace {

constexpr TrackId kVideo{TrackKind::video, 1}, kAudio{TrackKind::audio, 1};

/// Copies a journal line by line, with another offset.
class JournalCopy {
 public:
    JournalCopy(const TakeDir& dir, const OffsetReport& measured, AtomicFile out)
        : dir_(dir), measured_(measured), out_(std::move(out)) {}

    Status run() {
        std::ifstream in(dir_.path(kJournalName), std::ios::binary);
        std::string line;
        while (std::getline(in, line)) {
            if (in.eof()) return not_closed();  // no line end
            ONETAKE_TRY(copy(line));
        }
        if (!in.eof()) return fail(ErrorCode::io, fmt::format("Can't read {}.", dir_.path(kJournalName)));
        return ends_with_end_ ? out_.commit() : not_closed();
    }

 private:
    Status copy(const std::string& line) {
        const auto record = parse_line(line);
        const auto is = [&]<class R>(std::in_place_type_t<R>) {
            return record && *record && std::holds_alternative<R>(**record);
        };
        ends_with_end_ = is(std::in_place_type<EndRecord>);
        if (is(std::in_place_type<TrackRecord>)) {
            const auto& track = std::get<TrackRecord>(**record);
            if (track.track == kVideo) camera_ = track.video;
            if (track.track == kAudio) microphone_ = track.audio;
        }
        if (is(std::in_place_type<OffsetRecord>)) {
            const auto& old = std::get<OffsetRecord>(**record);
            if (old.video == kVideo && old.audio == kAudio && old.source == kSource) return {};
        }
        // Offsets follow the tracks and the first clocks.
        if (!written_ && !is(std::in_place_type<TakeRecord>) && !is(std::in_place_type<TrackRecord>) &&
            !is(std::in_place_type<ClockRecord>))
            ONETAKE_TRY(write_offset());
        return out_.write(line + "\n");
    }

    Status write_offset() {
        if (!camera_ || !microphone_)
            return fail(ErrorCode::refused,
                        fmt::format("{} has no audio and video that an offset could apply to.", dir_.folder()));
        const CalibrationKey measured{measured_.camera, measured_.microphone, measured_.fourcc,
                                      measured_.width,  measured_.height,     measured_.fps};
        if (!same_devices(calibration_key(*camera_, *microphone_), measured))
            return fail(ErrorCode::refused,
                        fmt::format("{} was recorded with other devices, or in another format, than the offset was "
                                    "measured with: {} ({} {}x{}, {:g} fps) and {}.",
                                    dir_.folder(), camera_->name, camera_->fourcc, camera_->width, camera_->height,
                                    camera_->fps, microphone_->name));
        std::string line;
        append_line(OffsetRecord{kVideo, kAudio, duration_from_seconds(measured_.offset_ms * 1e-3), kSource}, line);
        written_ = true;
        return out_.write(line);
    }

    Status not_closed() const {
        return fail(
            ErrorCode::wrong_state,
            fmt::format("{} was not closed. `onetake recover` repairs it; apply the offset then.", dir_.folder()));
    }

    static constexpr const char* kSource = "calibration";
    const TakeDir& dir_;
    const OffsetReport& measured_;
    AtomicFile out_;
    std::optional<VideoDescription> camera_;
    std::optional<AudioDescription> microphone_;
    bool written_ = false, ends_with_end_ = false;
};

}  // namespace

Status apply_offset(const std::string& data_dir, const std::string& take, const OffsetReport& measured) {
    ONETAKE_TRY(check_take_name(take));
    const auto dir = TakeDir::open(take_folder(data_dir, take));
    if (!dir) return fail(dir.error());
    const auto journal = dir->open_file(kJournalName, O_RDONLY);
    if (!journal) return fail(journal.error());
    ONETAKE_TRY(lock_journal(journal->get(), dir->folder()));
    const auto header = read_manifest(*dir);
    auto out = AtomicFile::create(dir->fd(), kJournalName);
    if (!out) return fail(std::move(out).error());
    ONETAKE_TRY(JournalCopy(*dir, measured, std::move(*out)).run());
    // Without a manifest, a recovery makes one.
    return header ? write_manifest(*dir, header->metrics) : Status{};
}

}  // namespace onetake
