#include "render/webvtt.h"

#include "base/files.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

namespace onetake {

namespace {

std::string cue_time(MediaTime t) {
    const auto ms = to_ticks(t.time_since_epoch(), 1000);
    return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '&')
            safe += "&amp;";
        else if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else
            safe += c;
    }
    return safe;
}

}  // namespace

Status write_webvtt(const std::string& path, const std::vector<Chapter>& chapters, MediaTime end) {
    auto file = AtomicFile::create(AT_FDCWD, path);
    if (!file) return fail(std::move(file).error());
    ONETAKE_TRY(file->write("WEBVTT\n"));
    // A cue must end after its begin.
    constexpr Duration kShortest = std::chrono::milliseconds(1);
    for (std::size_t i = 0; i < chapters.size(); ++i) {
        const auto begin = chapters[i].begin;
        const auto until = std::max(i + 1 < chapters.size() ? chapters[i + 1].begin : end, begin + kShortest);
        ONETAKE_TRY(file->write(
            fmt::format("\n{}\n{} --> {}\n{}\n", i + 1, cue_time(begin), cue_time(until), escaped(chapters[i].title))));
    }
    return file->commit();
}

}  // namespace onetake
