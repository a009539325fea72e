#include "base/error.h"
#include "base/files.h"
#include "base/time.h"
#include "take/journal_reader.h"
#include "take/take_files.h"

#include <onetake/export_csv.h>

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace onetake {

namespace {

constexpr std::array kNames{"frames.csv", "blocks.csv", "events.csv"};
constexpr std::array kHeaders{
    "track,frame,t_ns,wall_ns,wall_utc,arrival_ns,source,driver_sequence,bytes,file,offset,key\n",
    "track,first_sample,samples,t_ns,wall_ns,wall_utc,arrival_ns,source,lost_before,file\n",
    "kind,track,t_ns,wall_ns,wall_utc,cause,count,from_ns,to_ns,first,text\n"};

/// A field, quoted as in RFC 4180 where it needs to be.
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) c == '"' ? out.append("\"\"") : out.append(1, c);
    return out + "\"";
}

template <class T>
std::string or_empty(const std::optional<T>& value) {
    return value ? fmt::format("{}", *value) : std::string();
}

std::string or_empty(const std::optional<HostTime>& time) {
    return time ? fmt::format("{}", to_ns(*time)) : std::string();
}

class CsvExport {
 public:
    static Result<CsvExport> create(const ExportCsvOptions& options) {
        ONETAKE_TRY(make_folders(options.folder));
        CsvExport made;
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            auto path = (std::filesystem::path(options.folder) / kNames[i]).string();
            std::error_code ignored;
            if (!options.replace && std::filesystem::exists(path, ignored))
                return fail(ErrorCode::already_exists,
                            fmt::format("{} exists. Choose another folder, or replace it (--force).", path));
            auto file = AtomicFile::create(AT_FDCWD, path);
            if (!file) return fail(std::move(file).error());
            ONETAKE_TRY(file->write(kHeaders[i]));
            made.files_.push_back(std::move(*file));
            made.paths_.push_back(std::move(path));
        }
        return made;
    }

    Status add(const JournalRecord& record) {
        return std::visit([this](const auto& r) { return write(r); }, record);
    }

    Result<std::vector<std::string>> commit() {
        for (auto& file : files_) ONETAKE_TRY(file.commit());
        return std::move(paths_);
    }

 private:
    CsvExport() = default;

    template <class Record>
    Status write(const Record&) {
        return {};
    }
    Status write(const TrackRecord& r) {
        paths_of_tracks_.emplace(to_string(r.track), r.path);
        return {};
    }
    Status write(const ClockRecord& r) {
        if (!clock_) clock_ = r.reading;
        return {};
    }
    Status write(const FrameRecord& r) {
        const auto& p = r.packet;
        const auto leaf = p ? part_file(p->part) : frame_file(r.number);
        return files_[0].write(
            fmt::format("{},{},{},{},{},{},{},{},{},{}\n", to_string(r.track), r.number, times(r.stamp.time),
                        to_ns(r.stamp.arrival), to_string(r.stamp.source), or_empty(r.stamp.driver_sequence), r.bytes,
                        field(fmt::format("{}/{}", paths_of_tracks_[to_string(r.track)], leaf)),
                        p ? fmt::format("{}", p->offset) : std::string(), p ? (p->key ? "1" : "0") : ""));
    }
    Status write(const BlockRecord& r) {
        return files_[1].write(fmt::format("{},{},{},{},{},{},{},{}\n", to_string(r.track), r.first_sample, r.samples,
                                           times(r.time), to_ns(r.arrival), to_string(r.source), r.xrun ? 1 : 0,
                                           field(paths_of_tracks_[to_string(r.track)])));
    }
    Status write(const DropRecord& r) {
        return event("drop", to_string(r.track), r.time, to_string(r.cause), fmt::format("{}", r.count),
                     or_empty(r.from), or_empty(r.to), or_empty(r.first), r.text);
    }
    Status write(const EventRecord& r) {
        return event(r.event, r.track ? to_string(*r.track) : std::string(), r.time, "", "", "", "", "", r.text);
    }
    Status write(const EndRecord& r) { return event("end", "", r.time, r.reason, "", "", "", "", ""); }

    Status event(const std::string& kind, const std::string& track, HostTime time, std::string_view cause,
                 const std::string& count, const std::string& from, const std::string& to, const std::string& first,
                 const std::string& text) {
        return files_[2].write(fmt::format("{},{},{},{},{},{},{},{},{}\n", field(kind), track, times(time), cause,
                                           count, from, to, first, field(text)));
    }

    /// "t_ns,wall_ns,wall_utc"; the wall time is empty where it is not known.
    std::string times(HostTime t) const {
        std::int64_t wall = 0;  // a journal's stamps are untrusted
        if (!clock_ || __builtin_add_overflow(to_ns(clock_->wall), (t - clock_->host).count(), &wall) || wall < 0)
            return fmt::format("{},,", to_ns(t));
        return fmt::format("{},{},{}", to_ns(t), wall, utc_iso(WallTime(Duration(wall))));
    }

    std::vector<AtomicFile> files_;
    std::vector<std::string> paths_;
    std::map<std::string, std::string> paths_of_tracks_;
    std::optional<ClockReading> clock_;
};

}  // namespace

Result<std::vector<std::string>> export_csv(const std::string& take_folder, const ExportCsvOptions& options) {
    auto journal = JournalReader::open(take_folder);
    if (!journal) return fail(std::move(journal).error());
    auto out = CsvExport::create(options);
    if (!out) return fail(std::move(out).error());
    for (;;) {
        const auto record = journal->next();
        if (!record) return fail(record.error());
        if (!*record) return out->commit();
        ONETAKE_TRY(out->add(**record));
    }
}

}  // namespace onetake
