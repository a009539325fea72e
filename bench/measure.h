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

/// Seconds of a system clock.
inline double seconds(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// CPU time of this process, all threads, and wall time, since construction.
class Stopwatch {
 public:
    double cpu() const { return seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_; }
    double wall() const { return seconds(CLOCK_MONOTONIC) - wall_; }

 private:
    double cpu_ = seconds(CLOCK_PROCESS_CPUTIME_ID), wall_ = seconds(CLOCK_MONOTONIC);
};

double median(std::vector<double> values);

/// Each value of `a` divided by the one in `b` measured right after it, so that a busy machine slows both.
std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b);

/// The figures of one program, printed as table rows, or as JSON if the only argument is --json.
class Report {
 public:
    enum class Target { none, at_most, at_least };

    Report(int argc, char** argv);
    /// Figures are medians; the interquartile range of `values` is shown, too.
    void add(const std::string& name, const std::vector<double>& values, const std::string& unit,
             Target target = Target::none, double bound = 0);
    /// Prints the JSON, if requested.
    ~Report();
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;

 private:
    const bool json_;
    std::string lines_;
};

/// A temporary folder in TMPDIR, else /tmp, removed with its contents when destroyed.
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

/// Exits with the error message if a step failed.
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
