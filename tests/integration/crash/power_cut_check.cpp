// power_cut_check: writes down every change that a recording makes to its files, and plays a power cut after each of
// them, with what was not synced lost in three ways. Looks whether the take is recovered, and how much media went.

#include "integration/crash/child.h"
#include "take/journal_reader.h"

#include <onetake/take.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

namespace onetake {
namespace {

namespace fs = std::filesystem;

struct Change {
    std::string what, path, to;
    std::size_t at = 0;
    std::string data;
};

std::vector<Change> read_changes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<Change> changes;
    std::string line;
    while (std::getline(file, line)) {
        std::vector<std::string> fields(1);
        for (const char c : line) c == '\t' ? fields.emplace_back() : (fields.back() += c, fields.back());
        Change change{fields.at(0), fields.at(1), fields.at(2), std::stoul(fields.at(3)), {}};
        change.data.resize(std::stoul(fields.at(4)));
        file.read(change.data.data(), static_cast<std::streamsize>(change.data.size()));
        changes.push_back(std::move(change));
    }
    return changes;
}

/// What is lost with the power, of what was not synced.
enum class Loss {
    everything,  ///< files made since, and all data
    data,        ///< names and lengths are there, new data are zeros
    by_chance,   ///< each file and each name as it comes
};

/// A file system in which data and names reach the disk when they are synced, and not before.
class Disk {
 public:
    void apply(const Change& c) {
        ++now_;
        if (c.what == "mkdir") {
            names_[c.path] = make(true);
        } else if (c.what == "create") {
            names_[c.path] = make(false);
        } else if (c.what == "write") {
            auto& data = files_[names_.at(c.path)].data;
            if (data.size() < c.at + c.data.size()) data.resize(c.at + c.data.size());
            data.replace(c.at, c.data.size(), c.data);
        } else if (c.what == "truncate") {
            files_[names_.at(c.path)].data.resize(c.at);
        } else if (c.what == "rename") {
            names_[c.to] = names_.at(c.path);
            names_.erase(c.path);
        } else if (c.what == "remove") {
            names_.erase(c.path);
        } else if (c.what == "sync-begins") {
            begun_[c.to + c.path] = {now_, names_, files_};
        } else if (c.what == "fsync" || c.what == "syncfs") {
            synced(c, begun_.at(c.what + c.path));
        }
    }

    /// Puts what a power cut leaves into `folder`.
    void cut(Loss loss, std::mt19937& random, const std::string& folder) const {
        const auto chance = [&] { return std::bernoulli_distribution(0.5)(random); };
        auto names = loss == Loss::data ? names_ : disk_names_;
        if (loss == Loss::by_chance)
            for (const auto& [path, file] : names_)
                if (chance()) names[path] = file;
        for (const auto& [path, number] : names) {
            const auto& file = files_[number];
            const auto full_path = folder + "/" + path;
            if (file.folder) {
                fs::create_directories(full_path);
                continue;
            }
            auto data = file.on_disk;
            if (loss == Loss::data || (loss == Loss::by_chance && chance())) {
                if (loss == Loss::by_chance && chance()) data = file.data;
                data.resize(file.data.size());
            }
            fs::create_directories(fs::path(full_path).parent_path());
            std::ofstream(full_path, std::ios::binary) << data;
        }
    }

    std::string live(const std::string& path) const {
        const auto it = names_.find(path);
        return it == names_.end() ? "" : files_[it->second].data;
    }

 private:
    struct File {
        bool folder = false;
        std::string data, on_disk;
        long on_disk_since = 0;
    };
    using Names = std::map<std::string, std::size_t>;
    struct Begun {
        long when = 0;
        Names names;
        std::vector<File> files;
    };

    std::size_t make(bool folder) {
        files_.push_back({folder, {}, {}, 0});
        return files_.size() - 1;
    }

    void synced(const Change& c, const Begun& begun) {
        const bool all = c.what == "syncfs";
        const auto self = c.path.empty() ? begun.names.end() : begun.names.find(c.path);
        for (std::size_t i = 0; i < begun.files.size(); ++i) {
            const bool meant = all || (self != begun.names.end() && self->second == i);
            if (!meant || files_[i].on_disk_since > begun.when) continue;
            files_[i].on_disk = begun.files[i].data;
            files_[i].on_disk_since = begun.when;
        }
        const auto in = [&](const std::string& path) { return all || fs::path(path).parent_path() == c.path; };
        if (!all && (self == begun.names.end() || !files_[self->second].folder) && !c.path.empty()) return;
        std::erase_if(disk_names_,
                      [&](const auto& name) { return in(name.first) && !begun.names.contains(name.first); });
        for (const auto& [path, file] : begun.names)
            if (in(path)) disk_names_[path] = file;
    }

    long now_ = 0;
    Names names_, disk_names_;
    std::vector<File> files_;
    std::map<std::string, Begun> begun_;
};

/// First and last frame that a journal names, up to its last complete line.
struct FrameTimes {
    std::optional<HostTime> first, last;
};
FrameTimes frame_times_of(const std::string& journal) {
    FrameTimes p;
    for (std::size_t begin = 0, next = 0; (next = journal.find('\n', begin)) != std::string::npos; begin = next + 1) {
        const auto record = parse_line(std::string_view(journal).substr(begin, next - begin));
        if (!record || !*record) continue;
        if (const auto* f = std::get_if<FrameRecord>(&**record)) {
            if (!p.first) p.first = f->stamp.time;
            p.last = f->stamp.time;
        }
    }
    return p;
}

struct Tally {
    int cuts = 0, recovered = 0, not_begun = 0;
    double worst_s = 0;
    std::vector<std::string> failures;
};

class PowerCuts {
 public:
    PowerCuts(std::vector<Change> changes, std::string folder, double max_loss_s)
        : changes_(std::move(changes)), folder_(std::move(folder)), max_loss_s_(max_loss_s) {}

    Tally run() {
        Disk disk;
        for (std::size_t i = 0; i < changes_.size(); ++i) {
            disk.apply(changes_[i]);
            for (const auto loss : {Loss::everything, Loss::data, Loss::by_chance}) cut(disk, i, loss);
        }
        return tally_;
    }

 private:
    void cut(const Disk& disk, std::size_t i, Loss loss) {
        std::mt19937 random(static_cast<unsigned>(i));
        ++tally_.cuts;
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        disk.cut(loss, random, folder_);
        const auto takes = folder_ + "/takes";
        const auto live = frame_times_of(disk.live("takes/t/timeline.jsonl"));
        const auto fail = [&](const std::string& why) {
            tally_.failures.push_back(fmt::format("cut {} ({} {}), loss {}: {}", i, changes_[i].what, changes_[i].path,
                                                  static_cast<int>(loss), why));
        };
        const auto recovered = recover_take(takes, "t");
        if (!recovered) {
            if (live.first) return fail(recovered.error().message);
            ++tally_.not_begun;
            return;
        }
        const auto checked = check_take(takes, "t");
        if (!checked || checked->needs_recovery || !checked->closed) return fail("it is not complete");
        const auto again = recover_take(takes, "t");
        if (!again || !again->steps.empty()) return fail("a second recovery had something to do");
        ++tally_.recovered;
        if (!live.first) return;
        const auto lost = to_seconds(*live.last - good_end(takes + "/t").value_or(*live.first));
        tally_.worst_s = std::max(tally_.worst_s, lost);
        if (lost > max_loss_s_) fail(fmt::format("{:.2f} s are lost\n{}", lost, to_json(*checked)));
    }

    // The last frame before anything that is missing.
    static std::optional<HostTime> good_end(const std::string& take) {
        std::ifstream file(take + "/timeline.jsonl", std::ios::binary);
        const std::string journal{std::istreambuf_iterator<char>(file), {}};
        std::optional<std::int64_t> first_missing;
        std::vector<std::pair<std::int64_t, HostTime>> frames;
        for (std::size_t begin = 0, next = 0; (next = journal.find('\n', begin)) != std::string::npos;
             begin = next + 1) {
            const auto record = parse_line(std::string_view(journal).substr(begin, next - begin));
            if (!record || !*record) continue;
            if (const auto* f = std::get_if<FrameRecord>(&**record)) frames.emplace_back(f->number, f->stamp.time);
            if (const auto* d = std::get_if<DropRecord>(&**record); d && d->first && d->track.kind == TrackKind::video)
                first_missing = std::min(first_missing.value_or(*d->first), *d->first);
        }
        std::optional<HostTime> end;
        std::int64_t expected = 1;
        for (const auto& [number, time] : frames) {
            if (number != expected++ || (first_missing && number >= *first_missing)) break;
            end = time;
        }
        return end;
    }

    const std::vector<Change> changes_;
    const std::string folder_;
    const double max_loss_s_;
    Tally tally_;
};

int check_power_cuts(const std::string& program, const std::string& library, bool fsync, double seconds,
                     const std::string& store) {
    auto pattern = (fs::temp_directory_path() / "onetake-power-XXXXXX").string();
    const std::string folder = fs::canonical(::mkdtemp(pattern.data()));
    auto cut_pattern = std::string(fs::exists("/dev/shm") ? "/dev/shm" : folder) + "/onetake-cut-XXXXXX";
    const std::string cut_folder = ::mkdtemp(cut_pattern.data());
    fs::create_directories(folder + "/disk");
    ::setenv("LD_PRELOAD", library.c_str(), 1);
    ::setenv("RECORD_BELOW", (folder + "/disk").c_str(), 1);
    ::setenv("RECORD_TO", (folder + "/changes").c_str(), 1);
    std::vector<std::string> args{
        program,  "record", "--source", "test",    "--width",     "64",   "--height",   "48",
        "--fps",  "15",     "--warmup", "0",       "--blocksize", "4800", "--duration", fmt::format("{}", seconds),
        "--name", "t",      "--no-mp4", "--quiet", "--store",     store,  "--data-dir", folder + "/disk/takes"};
    if (fsync) args.emplace_back("--fsync");
    Child recording(args, folder + "/output");
    for (const auto* name : {"LD_PRELOAD", "RECORD_BELOW", "RECORD_TO"}) ::unsetenv(name);
    const bool ended = recording.wait_until(host_now() + std::chrono::minutes(2));
    int code = 1;
    if (!ended || recording.code() != 0) {
        fmt::print("the recording failed\n");
    } else {
        // One second between syncs and what a sync takes; with fsync, what is under way.
        const double max_loss_s = fsync ? 0.5 : 2;
        const auto t = PowerCuts(read_changes(folder + "/changes"), cut_folder, max_loss_s).run();
        fmt::print("{}: {} power cuts: {} takes recovered, {} had not begun; at most {:.2f} s of video lost\n",
                   fsync ? "fsync" : "sync once a second", t.cuts, t.recovered, t.not_begun, t.worst_s);
        constexpr std::size_t kMostPrinted = 10;
        for (std::size_t i = 0; i < std::min(kMostPrinted, t.failures.size()); ++i)
            fmt::print("FAILED {}\n", t.failures[i]);
        if (t.failures.size() > kMostPrinted) fmt::print("and {} more\n", t.failures.size() - kMostPrinted);
        code = t.failures.empty() && t.recovered > 0 ? 0 : 1;
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    fs::remove_all(cut_folder, ignored);
    return code;
}

}  // namespace
}  // namespace onetake

int main(int argc, char** argv) {
    std::string program, library, store = "jpeg";
    double seconds = 4;
    bool fsync = false;
    CLI::App app{"Cuts the power after every change that a recording makes to its files."};
    app.add_option("PROGRAM", program, "onetake")->required();
    app.add_option("LIBRARY", library, "record_ops")->required();
    app.add_option("--seconds", seconds, "length of the recording");
    app.add_flag("--fsync", fsync, "a recording that syncs every write");
    app.add_option("--store", store, "how video is stored: jpeg, or an encoder");
    CLI11_PARSE(app, argc, argv);
    return onetake::check_power_cuts(program, library, fsync, seconds, store);
}
