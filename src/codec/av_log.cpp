#include "codec/av_log.h"

#include "base/log.h"
#include "base/redact.h"

#include <array>
#include <cstdarg>
#include <mutex>
#include <string_view>

extern "C" {
#include <libavutil/log.h>
}

namespace onetake {

namespace {

thread_local AvErrorLines* innermost = nullptr;

// Without libav's "[libx264 @ 0x55d0c5d0e2c0] ", which tells people nothing.
std::string_view without_context(std::string_view line) {
    const auto end = line.find("] ");
    const bool named = line.starts_with('[') && end != line.npos && line.substr(0, end).find(" @ 0x") != line.npos;
    return named ? line.substr(end + 2) : line;
}

void take_line(void* source, int level, const char* format, std::va_list arguments) {
    const bool error = level <= AV_LOG_ERROR;
    if (level > AV_LOG_VERBOSE || (!error && !log().should_log(spdlog::level::debug))) return;
    std::array<char, 1024> text{};
    int at_line_start = 1;
    av_log_format_line2(source, level, format, arguments, text.data(), static_cast<int>(text.size()), &at_line_start);
    std::string_view line = text.data();
    while (!line.empty() && (line.back() == '\n' || line.back() == '.')) line.remove_suffix(1);
    if (line.empty()) return;
    const auto shown = redacted(line);  // libav logs URLs as they are
    log().debug("libav: {}", shown);
    if (error && innermost != nullptr) innermost->add(std::string(without_context(shown)));
}

}  // namespace

void route_av_log() {
    static std::once_flag once;
    std::call_once(once, [] { av_log_set_callback(take_line); });
}

AvErrorLines::AvErrorLines() : outer_(innermost) {
    innermost = this;
}

AvErrorLines::~AvErrorLines() {
    innermost = outer_;
}

void AvErrorLines::add(std::string line) {
    last_[0] = std::move(last_[1]);
    last_[1] = std::move(last_[2]);
    last_[2] = std::move(line);
}

std::string AvErrorLines::text_or(std::string otherwise) const {
    std::string text;
    for (const auto& line : last_)
        if (!line.empty()) text += (text.empty() ? "" : "; ") + line;
    return text.empty() ? std::move(otherwise) : text;
}

}  // namespace onetake
