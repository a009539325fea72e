#include "inspect/recover.h"

#include "base/files.h"
#include "inspect/check.h"
#include "take/manifest.h"
#include "take/wav.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace onetake {

namespace {

// Files with a second name are somebody else's too (a backup made of hard links): they are not written to.
Status check_single(int fd, const std::string& path) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) return fail(file_error("Can't read", path, errno));
    if (st.st_nlink > 1)
        return fail(
            ErrorCode::refused,
            fmt::format("{} has another name (a hard link), which would change with it. Recover a copy.", path));
    return {};
}

// Files that one user would leave in another's folder are in that one's way, and a folder that its owner can change
// under a more powerful user's hands is a trap.
Status check_owner(const TakeDir& dir) {
    struct stat st {};
    if (::fstat(dir.fd(), &st) != 0) return fail(file_error("Can't read", dir.folder(), errno));
    if (st.st_uid != ::geteuid())
        return fail(ErrorCode::refused, fmt::format("{} belongs to another user (id {}). Recover it as that user, or "
                                                    "recover a copy.",
                                                    dir.folder(), st.st_uid));
    return {};
}

class Recovery {
 public:
    Recovery(TakeDir dir, std::string name) : dir_(std::move(dir)), name_(std::move(name)) {}

    Result<RecoverReport> run() {
        auto journal = dir_.open_file(kJournalName, O_RDWR);
        if (!journal) return without_writing(std::move(journal).error());
        const auto path = dir_.path(kJournalName);
        ONETAKE_TRY(lock_journal(journal->get(), dir_.folder()));
        auto found = inspect_take(dir_, true);
        if (!found) return fail(std::move(found).error());
        found_ = std::move(*found);
        if (!found_.needs_recovery()) return report(found_);
        ONETAKE_TRY(check_owner(dir_));
        ONETAKE_TRY(check_single(journal->get(), path));
        auto file = AppendFile::adopt(std::move(*journal), path);
        if (!file) return fail(std::move(file).error());

        // Each step leaves the take no worse if it is the last one that happens. The manifest comes last: it says that
        // all is done.
        ONETAKE_TRY(cut_half_line(*file));
        ONETAKE_TRY(remove_rests());
        ONETAKE_TRY(repair_headers());
        ONETAKE_TRY(set_strays_aside());
        // An `end` record on the disk says that all media are there; those of a killed program may still be in memory.
        if (::syncfs(dir_.fd()) != 0) return fail(file_error("The disk could not write out", dir_.folder(), errno));
        ONETAKE_TRY(close_journal(*file));
        ONETAKE_TRY(renew_manifest());
        ONETAKE_TRY(sync_folder(dir_.fd(), "."));
        auto now = inspect_take(dir_, true);
        if (!now) return fail(std::move(now).error());
        return report(*now);
    }

 private:
    // A take that can't be written to may need nothing.
    Result<RecoverReport> without_writing(Error error) {
        auto found = inspect_take(dir_);
        if (!found) return fail(std::move(found).error());
        if (found->being_written || found->needs_recovery()) return fail(std::move(error));
        return report(*found);
    }

    RecoverReport report(const Inspection& now) {
        report_.take = check_report(now, name_);
        return std::move(report_);
    }

    template <class... Args>
    void did(fmt::format_string<Args...> text, Args&&... args) {
        report_.steps.push_back(fmt::format(text, std::forward<Args>(args)...));
    }

    Status cut_half_line(AppendFile& journal) {
        if (found_.half_line == 0) return {};
        ONETAKE_TRY(journal.truncate(found_.journal_whole));
        report_.cut_bytes = found_.half_line;
        did("Cut half a line of {} bytes off the journal.", found_.half_line);
        return {};
    }

    Status remove_rests() {
        for (const auto& rest : found_.rests) {
            if (::unlinkat(dir_.fd(), rest.c_str(), 0) != 0 && errno != ENOENT)
                return fail(file_error("Can't remove", dir_.path(rest), errno));
            did("Removed {}, which the crash had left behind.", rest);
        }
        return {};
    }

    Status repair_headers() {
        for (const auto& t : found_.tracks) {
            if (!t.header_stale) continue;
            const auto path = dir_.path(t.track.path);
            auto fd = dir_.open_file(t.track.path, O_RDWR);
            if (!fd) return fail(std::move(fd).error());
            ONETAKE_TRY(check_single(fd->get(), path));
            const auto repaired = repair_wav_header(fd->get(), path, t.track.audio.sample_rate, t.track.audio.channels);
            if (!repaired) return fail(repaired.error());
            if (!*repaired) continue;
            if (::fdatasync(fd->get()) != 0) return fail(file_error("Can't sync", path, errno));
            did("Brought the header of {} up to date.", t.track.path);
        }
        return {};
    }

    // A frame that the journal does not name has no time; it is kept, but not among those that have.
    Status set_strays_aside() {
        for (const auto& t : found_.tracks) {
            if (t.strays.size() == 0) continue;
            auto from = dir_.open_folder(t.track.path);
            if (!from) return fail(std::move(from).error());
            auto to = dir_.make_folder(kSetAside);
            if (!to) return fail(std::move(to).error());
            for (const auto& [begin, end] : t.strays.by_range())
                for (auto n = begin; n < end; ++n) ONETAKE_TRY(set_aside(from->get(), to->get(), t, n));
            moved_strays_ = true;
            did("Moved {} frames that the journal has no time for from {} to {}.", t.strays.size(), t.track.path,
                kSetAside);
        }
        return {};
    }

    Status set_aside(int from, int to, const TrackInspection& t, std::int64_t number) {
        const auto file = frame_file(number);
        constexpr int kMostOfOneName = 100;
        for (int i = 1; i <= kMostOfOneName; ++i) {
            const auto name = i == 1 ? fmt::format("{}_{}", to_string(t.track.track), file)
                                     : fmt::format("{}_{}_{}", to_string(t.track.track), i, file);
            struct stat st {};
            if (::fstatat(to, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) continue;
            if (::renameat(from, file.c_str(), to, name.c_str()) == 0) return {};
            return fail(file_error("Can't move to", dir_.path(fmt::format("{}/{}", kSetAside, name)), errno));
        }
        return fail(ErrorCode::already_exists,
                    fmt::format("{} holds too many files of one name.", dir_.path(kSetAside)));
    }

    Status close_journal(AppendFile& journal) {
        std::string lines;
        std::uint64_t frames = 0, samples = 0;
        for (const auto& t : found_.tracks) {
            std::map<LossCause, std::int64_t> lost;
            for (const auto& run : t.undeclared()) {
                append_line(DropRecord{t.track.track, LossCause::disk, static_cast<std::uint64_t>(run.count), run.time,
                                       fmt::format("Found {} by a recovery.", to_string(run.cause)), run.first},
                            lines);
                lost[run.cause] += run.count;
            }
            for (const auto& [cause, count] : lost)
                did("Recorded {} {} of {} as lost: {}.", count,
                    t.track.track.kind == TrackKind::video ? "frames" : "samples", to_string(t.track.track),
                    to_string(cause));
            (t.track.track.kind == TrackKind::video ? frames : samples) += t.good;
        }
        if (lines.empty() && found_.ends_with_end) return {};
        EndRecord end;
        end.time = found_.last_time;
        end.reason = "recovered";
        constexpr std::uint64_t kMost = 1'000'000'000'000;  // that a journal may tell
        end.frames = std::min(frames, kMost);
        end.samples = std::min(samples, kMost);
        end.duration_s = check_report(found_, name_).duration_s;
        append_line(end, lines);
        if (auto status = journal.write(lines); !status) {
            (void)journal.truncate(found_.journal_whole);
            return status;
        }
        ONETAKE_TRY(journal.sync());
        journal_changed_ = true;
        did("Closed the journal.");
        return {};
    }

    Status renew_manifest() {
        if (found_.manifest_problem.empty() && !journal_changed_ && !moved_strays_) return {};
        Metrics recorded;
        if (auto head = read_manifest(dir_)) recorded = std::move(head->metrics);
        auto metrics = metrics_of(found_, std::move(recorded));
        const std::string note = "The take was recovered; `onetake check` tells what it lacks.";
        if (std::ranges::find(metrics.notes, note) == metrics.notes.end()) metrics.notes.push_back(note);
        ONETAKE_TRY(write_manifest(dir_, metrics));
        did("Wrote the manifest.");
        return {};
    }

    TakeDir dir_;
    const std::string name_;
    Inspection found_;
    bool journal_changed_ = false, moved_strays_ = false;
    RecoverReport report_;
};

}  // namespace

Result<RecoverReport> recover_folder(const std::string& take_folder, const std::string& name) {
    auto dir = TakeDir::open(take_folder);
    if (!dir) return fail(std::move(dir).error());
    return Recovery(std::move(*dir), name).run();
}

}  // namespace onetake
