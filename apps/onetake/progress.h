#pragma once

#include "cli.h"

#include <onetake/recorder.h>

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

namespace onetake::cli {

/// automatic: a line on a terminal, nothing elsewhere; json: an object per line, anywhere; none: nothing.
enum class ProgressStyle { automatic, json, none };

/// `--json`, `--quiet` and `--progress`, for every command that shows progress.
struct OutputFlags {
    bool json = false;
    bool quiet = false;
    ProgressStyle progress = ProgressStyle::automatic;

    void add_to(CommandLine& app);
};

/// How many of several takes are done.
struct TakesDone {
    std::size_t done = 0, all = 0;
};

/// The progress line on stderr, rewritten in place. Thread-safe; show() is called from the recorder's thread.
class ProgressLine {
 public:
    /// `duration_s`: the length of the take, where it is known in advance.
    explicit ProgressLine(const OutputFlags& flags, std::optional<double> duration_s = {});
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const Progress& progress);
    /// Of several takes: `progress` is that of all together.
    void show(const Progress& progress, const TakesDone& takes);
    /// Prints the event above the progress line; with --quiet, warnings only, and only
    /// those that the result does not end with.
    void show(const RecorderEvent& event);
    /// Prints a line above the progress line, on a terminal only.
    void note(const std::string& text);
    /// Clears the line, so that later output begins at its start.
    void clear();

 private:
    void put_progress(const Progress& progress, std::optional<TakesDone> takes);

    std::mutex mutex_;
    const bool quiet_;
    ProgressStyle style_;
    bool terminal_;
    bool shown_ = false;  // the line is not empty
    std::optional<double> duration_s_;
};

/// The text of the line, at most `width` columns of ASCII.
std::string progress_text(const Progress& progress, std::optional<double> duration_s, std::size_t width,
                          std::optional<TakesDone> takes = {});
/// The bytes that replace the line shown before by `text` on a terminal. `text` must leave the last column free.
std::string progress_line(const std::string& text);
/// The same as one JSON object without a line end; what is unknown becomes null.
std::string progress_json(const Progress& progress, std::optional<TakesDone> takes = {});
bool is_warning(EventKind kind);
/// An event as a line, and as one JSON object; without a line end.
std::string event_text(const RecorderEvent& event);
std::string event_json(const RecorderEvent& event);

}  // namespace onetake::cli
