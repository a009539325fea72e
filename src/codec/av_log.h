#pragma once

#include <array>
#include <string>

namespace onetake {

/// Redirects libav's log from stderr to ours, at debug level. Once per process; thread-safe.
void route_av_log();

/// Collects the error lines that libav logs on this thread during its lifetime: the reason for a bare error code.
/// Thread-bound. Of nested ones the innermost gets the lines.
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
