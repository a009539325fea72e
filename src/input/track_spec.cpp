#include "base/error.h"
#include "base/redact.h"

#include <onetake/track_spec.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr double kLatest = 1e7;  // s
constexpr std::size_t kLongest = 4096;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool begins_with(std::string_view text, std::string_view lower_case) {
    return text.size() >= lower_case.size() &&
           std::equal(lower_case.begin(), lower_case.end(), text.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
           });
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("Track \"{}\": {} Write NAME=SOURCE, NAME=SOURCE@12.5 (joins after 12.5 s) or "
                            "NAME=SOURCE@12.5-40 (leaves after 40 s).",
                            redacted(text), why));
}

// Seconds: digits, with a fraction or without.
std::optional<double> seconds_from(std::string_view text) {
    if (text.empty() || !is_digit(text.front()) || !is_digit(text.back())) return std::nullopt;
    if (!std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; })) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

struct Times {
    double join = 0;
    std::optional<double> leave;
};

// The times in what follows an '@'; empty if it is none.
std::optional<Times> times_from(std::string_view text) {
    const auto dash = text.find('-');
    const auto join = seconds_from(text.substr(0, dash));
    if (!join) return std::nullopt;
    if (dash == text.npos) return Times{*join, std::nullopt};
    const auto leave = seconds_from(text.substr(dash + 1));
    return leave ? std::optional(Times{*join, leave}) : std::nullopt;
}

// Where an '@' may begin the times: not in the part of a URL that has the credentials.
std::size_t first_place_of_times(std::string_view source) {
    const auto scheme = source.find("://");
    return scheme == source.npos ? 0 : source.find('/', scheme + 3);
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
}

void take_flags(std::string_view& name, TrackSpec& spec) {
    for (;;) {
        if (take_suffix(name, ":screen"))
            spec.screen = true;
        else if (take_suffix(name, ":no-audio"))
            spec.audio = false;
        else if (take_suffix(name, ":no-video"))
            spec.video = false;
        else
            return;
    }
}

Status take_source(std::string_view text, std::string_view source, TrackSpec& spec) {
    spec.kind = TrackSpec::Kind::file;
    if (begins_with(source, "rtsp://") || begins_with(source, "rtsps://")) {
        spec.kind = TrackSpec::Kind::rtsp;
    } else if (source.find("://") != source.npos) {
        return refuse(text, "such a URL is not supported, only rtsp:// and rtsps://; of a file give the path.");
    } else if (source.starts_with("mic:")) {
        spec.kind = TrackSpec::Kind::microphone;
        source.remove_prefix(4);
    } else if (source.starts_with("sdp:")) {
        spec.kind = TrackSpec::Kind::sdp;
        source.remove_prefix(4);
    } else if (source.starts_with("/dev/video")) {
        spec.kind = TrackSpec::Kind::camera;
    } else if (source == "test") {
        spec.kind = TrackSpec::Kind::test;
    }
    if (source.empty() && spec.kind != TrackSpec::Kind::microphone) return refuse(text, "there is no source.");
    spec.source = source;
    return {};
}

}  // namespace

Result<TrackSpec> parse_track_spec(std::string_view text) {
    if (text.size() > kLongest || text.find_first_of(std::string_view("\0\r\n", 3)) != text.npos)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A track must be one line of at most {} characters: NAME=SOURCE.", kLongest));
    const auto equals = text.find('=');
    if (equals == text.npos) return refuse(text, "there is no '='.");
    TrackSpec spec;
    auto name = text.substr(0, equals);
    auto source = text.substr(equals + 1);
    take_flags(name, spec);
    if (name.empty()) return refuse(text, "the participant has no name.");
    if (!spec.audio && !spec.video) return refuse(text, "without audio and video nothing is left.");
    spec.name = name;

    const auto at = source.rfind('@');
    if (at != source.npos && at >= first_place_of_times(source))
        if (const auto times = times_from(source.substr(at + 1))) {
            if (times->join > kLatest || times->leave.value_or(0) > kLatest)
                return refuse(text, fmt::format("a time can be {} s at most.", kLatest));
            if (times->leave && *times->leave <= times->join) return refuse(text, "it leaves before it joins.");
            spec.join_s = times->join;
            spec.leave_s = times->leave;
            source = source.substr(0, at);
        }
    ONETAKE_TRY(take_source(text, source, spec));
    return spec;
}

Result<std::vector<TrackSpec>> parse_track_specs(std::string_view text) {
    std::vector<TrackSpec> specs;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
        while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
        if (line.empty() || line.front() == '#') continue;
        auto spec = parse_track_spec(line);
        if (!spec) return fail(spec.error().code, fmt::format("Line {}: {}", number, spec.error().message));
        specs.push_back(std::move(*spec));
    }
    return specs;
}

std::string shown_source(const TrackSpec& spec) {
    const bool microphone = spec.kind == TrackSpec::Kind::microphone, sdp = spec.kind == TrackSpec::Kind::sdp;
    return (microphone ? "mic:" : sdp ? "sdp:" : "") + redacted(spec.source);
}

}  // namespace onetake
