#include "inspect/recover.h"

#include "base/files.h"
#include "base/plural.h"
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

// Files with several hard links (a backup, for example) are not written to.
Status check_single(int fd, const std::string& path) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) return fail(file_error("Can't read", path, errno));
    if (st.st_nlink > 1)
        return fail(ErrorCode::refused,
                    fmt::format("{} has another hard link, which would change with it. Recover a copy.", path));
    return {};
}

// Only the owner may recover a take: files of another user would get in the owner's way, and a privileged user must not
// work in a folder that its owner can change meanwhile.
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
        if (!found_.needs_recovery() && found_.stale_files.empty()) return report(found_);
        ONETAKE_TRY(check_owner(dir_));
        ONETAKE_TRY(check_single(journal->get(), path));
        auto file = AppendFile::adopt(std::move(*journal), path);
        if (!file) return fail(std::move(file).error());

        // An interruption after any step leaves the take no worse. The manifest comes last: it marks the recovery as
        // complete.
        ONETAKE_TRY(truncate_partial_line(*file));
        ONETAKE_TRY(remove_stale_files());
        ONETAKE_TRY(repair_headers());
        ONETAKE_TRY(cut_parts());
        ONETAKE_TRY(move_orphaned_frames());
        // An `end` record on disk guarantees that all media is on disk; data of a killed program may still be in the
        // page cache.
        if (::syncfs(dir_.fd()) != 0) return fail(file_error("The disk could not write out", dir_.folder(), errno));
        ONETAKE_TRY(close_journal(*file));
        ONETAKE_TRY(rewrite_manifest());
        ONETAKE_TRY(sync_folder(dir_.fd(), "."));
        auto now = inspect_take(dir_, true);
        if (!now) return fail(std::move(now).error());
        return report(*now);
    }

 private:
    // A take that can't be written to may not need recovery.
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

    Status truncate_partial_line(AppendFile& journal) {
        if (found_.partial_line == 0) return {};
        ONETAKE_TRY(journal.truncate(found_.complete_bytes));
        report_.cut_bytes = found_.partial_line;
        did("Removed an incomplete line of {} from the journal.", counted(found_.partial_line, "byte"));
        return {};
    }

    Status remove_stale_files() {
        for (const auto& file : found_.stale_files) {
            if (::unlinkat(dir_.fd(), file.c_str(), 0) != 0 && errno != ENOENT)
                return fail(file_error("Can't remove", dir_.path(file), errno));
            did("Removed {}, a stale file from a crash.", file);
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
            did("Updated the header of {}.", t.track.path);
        }
        return {};
    }

    // What follows the last complete packet of a part was being written.
    Status cut_parts() {
        for (const auto& t : found_.tracks)
            for (const auto& partial : t.beyond.partial) {
                const auto name = fmt::format("{}/{}", t.track.path, part_file(partial.part));
                auto fd = dir_.open_file(name, O_RDWR);
                if (!fd) return fail(std::move(fd).error());
                ONETAKE_TRY(check_single(fd->get(), dir_.path(name)));
                auto file = AppendFile::adopt(std::move(*fd), dir_.path(name));
                if (!file) return fail(std::move(file).error());
                ONETAKE_TRY(file->truncate(partial.keep));
                ONETAKE_TRY(file->sync());
                did("Removed an incomplete packet of {} from {}.", counted(partial.bytes, "byte"), name);
            }
        return {};
    }

    // A frame without a record has no time; it is kept, but in another folder.
    Status move_orphaned_frames() {
        for (const auto& t : found_.tracks) {
            const bool encoded = t.track.store == TrackStore::encoded;
            const auto& orphaned = encoded ? t.beyond.parts : t.orphaned;
            if (orphaned.size() == 0) continue;
            auto from = dir_.open_folder(t.track.path);
            if (!from) return fail(std::move(from).error());
            auto to = dir_.make_folder(kSetAside);
            if (!to) return fail(std::move(to).error());
            for (const auto& [begin, end] : orphaned.by_range())
                for (auto n = begin; n < end; ++n)
                    ONETAKE_TRY(
                        set_aside(from->get(), to->get(), t.track.track, encoded ? part_file(n) : frame_file(n)));
            moved_orphaned_ = true;
            did("Moved {} without a record from {} to {}.",
                counted(static_cast<std::uint64_t>(orphaned.size()), encoded ? "part" : "frame"), t.track.path,
                kSetAside);
        }
        return {};
    }

    Status set_aside(int from, int to, TrackId track, const std::string& file) {
        constexpr int kMaxOfOneName = 100;
        for (int i = 1; i <= kMaxOfOneName; ++i) {
            const auto name = i == 1 ? fmt::format("{}_{}", to_string(track), file)
                                     : fmt::format("{}_{}_{}", to_string(track), i, file);
            struct stat st {};
            if (::fstatat(to, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) continue;
            if (::renameat(from, file.c_str(), to, name.c_str()) == 0) return {};
            return fail(file_error("Can't move to", dir_.path(fmt::format("{}/{}", kSetAside, name)), errno));
        }
        return fail(ErrorCode::already_exists, fmt::format("{} has too many files of one name.", dir_.path(kSetAside)));
    }

    Status close_journal(AppendFile& journal) {
        std::string lines;
        std::uint64_t frames = 0, samples = 0, packets = 0;
        for (const auto& t : found_.tracks) {
            std::map<LossCause, std::int64_t> lost;
            for (const auto& run : t.undeclared()) {
                append_line(DropRecord{t.track.track, LossCause::disk, static_cast<std::uint64_t>(run.count), run.time,
                                       fmt::format("Found {} by a recovery.", to_string(run.cause)), run.first},
                            lines);
                lost[run.cause] += run.count;
            }
            for (const auto& [cause, count] : lost)
                did("Recorded {} of {} as lost: {}.",
                    counted(static_cast<std::uint64_t>(count), unit_of(t.track.track.kind)), to_string(t.track.track),
                    to_string(cause));
            const auto kind = t.track.track.kind;
            (kind == TrackKind::video ? frames : kind == TrackKind::audio ? samples : packets) += t.good;
        }
        if (lines.empty() && found_.ends_with_end) return {};
        EndRecord end;
        end.time = found_.last_time;
        end.reason = "recovered";
        constexpr std::uint64_t kMax = 1'000'000'000'000;  // limit of the journal format
        end.frames = std::min(frames, kMax);
        end.samples = std::min(samples, kMax);
        end.packets = std::min(packets, kMax);
        end.duration_s = check_report(found_, name_).duration_s;
        append_line(end, lines);
        if (auto status = journal.write(lines); !status) {
            (void)journal.truncate(found_.complete_bytes);
            return status;
        }
        ONETAKE_TRY(journal.sync());
        journal_changed_ = true;
        did("Closed the journal.");
        return {};
    }

    Status rewrite_manifest() {
        if (found_.manifest_problem.empty() && !journal_changed_ && !moved_orphaned_) return {};
        Metrics recorded;
        if (auto header = read_manifest(dir_)) recorded = std::move(header->metrics);
        auto metrics = metrics_of(found_, std::move(recorded));
        const std::string note = "The take was recovered; `onetake check` reports what is missing.";
        if (std::ranges::find(metrics.notes, note) == metrics.notes.end()) metrics.notes.push_back(note);
        ONETAKE_TRY(write_manifest(dir_, metrics));
        did("Wrote the manifest.");
        return {};
    }

    TakeDir dir_;
    const std::string name_;
    Inspection found_;
    bool journal_changed_ = false, moved_orphaned_ = false;
    RecoverReport report_;
};

}  // namespace

Result<RecoverReport> recover_folder(const std::string& take_folder, const std::string& name) {
    auto dir = TakeDir::open(take_folder);
    if (!dir) return fail(std::move(dir).error());
    return Recovery(std::move(*dir), name).run();
}

}  // namespace onetake
