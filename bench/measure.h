#pragma once

#include <onetake/result.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace onetake::bench {

/// Seconds of a clock of the system's.
inline double seconds(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Processor time of this process, all threads, and wall time, since it was made.
class Stopwatch {
 public:
    double cpu() const { return seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_; }
    double wall() const { return seconds(CLOCK_MONOTONIC) - wall_; }

 private:
    double cpu_ = seconds(CLOCK_PROCESS_CPUTIME_ID), wall_ = seconds(CLOCK_MONOTONIC);
};

double median(std::vector<double> values);

/// Each of `a` over its neighbour in `b`: what was measured right after one another, so that a busy machine slows both.
std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b);

/// The figures of one program: printed as rows of a table, or as JSON where its only argument is --json.
class Report {
 public:
    enum class Target { none, at_most, at_least };

    Report(int argc, char** argv);
    /// Figures are medians; the middle half of `values` is shown, too.
    void add(const std::string& name, const std::vector<double>& values, const std::string& unit,
             Target target = Target::none, double bound = 0);
    /// Prints the JSON, if that was asked for.
    ~Report();
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;

 private:
    const bool json_;
    std::string lines_;
};

/// A folder, removed with its content on destruction; below TMPDIR, else /tmp.
class WorkFolder {
 public:
    WorkFolder() {
        auto pattern = (std::filesystem::temp_directory_path() / "onetake-bench-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
    }
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    ~WorkFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
    std::string path_;
};

/// Ends the program with the reason where a step that must work did not.
inline void must(const Status& done) {
    if (done) return;
    std::fprintf(stderr, "%s\n", done.error().message.c_str());
    std::exit(1);
}
template <class T>
requires(!std::is_void_v<T>) T must(Result<T>&& outcome) {
    if (!outcome) must(Status(fail(std::move(outcome).error())));
    return std::move(*outcome);
}

}  // namespace onetake::bench
