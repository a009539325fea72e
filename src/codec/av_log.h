#pragma once

#include <array>
#include <string>

namespace onetake {

/// Sends what libav has to say to our log, at debug level, instead of stderr. For the whole process, once; thread-safe.
void route_av_log();

/// Collects libav's error lines on this thread while it lives: the reason behind a bare error code. Thread-bound;
/// nested ones each get the lines of their time.
class AvErrorLines {
 public:
    AvErrorLines();
    AvErrorLines(AvErrorLines&&) = delete;
    AvErrorLines& operator=(AvErrorLines&&) = delete;
    AvErrorLines(const AvErrorLines&) = delete;
    AvErrorLines& operator=(const AvErrorLines&) = delete;
    ~AvErrorLines();

    /// The last few lines, joined with "; ", or `otherwise` if there were none.
    std::string text_or(std::string otherwise) const;
    void add(std::string line);

 private:
    AvErrorLines* outer_;
    std::array<std::string, 3> last_;
};

}  // namespace onetake
