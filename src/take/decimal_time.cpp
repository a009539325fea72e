#include "take/decimal_time.h"

#include "base/files.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

__extension__ using Int128 = __int128;

constexpr std::size_t kMaxFileSize = std::size_t{1} << 30;
constexpr std::int64_t kMaxNanoseconds = 9'000'000'000'000'000'000;

std::string_view trim(std::string_view s) {
    constexpr std::string_view white = " \t\r";
    const auto first = s.find_first_not_of(white);
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(white) - first + 1);
}

// Calls `on(line number, text)` for each line that isn't empty or a comment, until it fails.
template <class On>
Status for_each_line(std::string_view text, On&& on) {
    std::size_t at = 0;
    for (int number = 1; at < text.size(); ++number) {
        const auto end = std::min(text.find('\n', at), text.size());
        auto line = text.substr(at, end - at);
        at = end + 1;
        line = trim(line.substr(0, line.find('#')));
        if (!line.empty()) ONETAKE_TRY(on(number, line));
    }
    return {};
}

Error at_line(const std::string& path, int line, std::string_view why) {
    return {ErrorCode::invalid_argument, fmt::format("{}, line {}: {}", path, line, why)};
}

}  // namespace

Result<Duration> parse_decimal_seconds(std::string_view text) {
    auto bad = [&] {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("\"{}\" is not a time in decimal seconds.", text.substr(0, 40)));
    };
    auto rest = text;
    const bool negative = !rest.empty() && rest.front() == '-';
    if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);

    constexpr int kMaxDigits = 30;
    Int128 digits = 0;
    int seen = 0, significant = 0, exponent = 0;
    bool point = false;
    for (; !rest.empty() && (rest.front() == '.' || (rest.front() >= '0' && rest.front() <= '9'));
         rest.remove_prefix(1)) {
        if (rest.front() == '.') {
            if (std::exchange(point, true)) return bad();
            continue;
        }
        ++seen;
        if (significant < kMaxDigits) {
            digits = digits * 10 + (rest.front() - '0');
            significant += digits != 0;
            exponent -= point;
        } else {
            exponent += !point;
        }
    }
    if (seen == 0) return bad();
    if (!rest.empty()) {
        if (rest.front() != 'e' && rest.front() != 'E') return bad();
        rest.remove_prefix(1);
        if (!rest.empty() && rest.front() == '+') rest.remove_prefix(1);
        int e = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), e);
        if (error != std::errc{} || end != rest.data() + rest.size() || e < -100 || e > 100) return bad();
        exponent += e;
    }
    exponent += 9;  // to nanoseconds
    for (; exponent > 0 && digits != 0; --exponent) {
        if (digits > kMaxNanoseconds) return bad();
        digits *= 10;
    }
    int dropped = 0;
    for (; exponent < 0 && digits != 0; ++exponent) {
        dropped = static_cast<int>(digits % 10);
        digits /= 10;
    }
    if (dropped >= 5) ++digits;
    if (digits > kMaxNanoseconds) return bad();
    const auto ns = static_cast<std::int64_t>(digits);
    return Duration(negative ? -ns : ns);
}

Result<std::vector<Duration>> read_frame_times(const std::string& path) {
    const auto text = read_file(path, kMaxFileSize);
    if (!text) return fail(text.error());
    return parse_frame_times(*text, path);
}

Result<std::vector<Duration>> parse_frame_times(std::string_view text, const std::string& path) {
    std::vector<Duration> times;
    ONETAKE_TRY(for_each_line(text, [&](int number, std::string_view line) -> Status {
        const auto time = parse_decimal_seconds(line);
        if (!time) return fail(at_line(path, number, time.error().message));
        if (!times.empty() && *time <= times.back())
            return fail(at_line(path, number, "a frame's time must be later than that of the previous frame."));
        times.push_back(*time);
        return {};
    }));
    return times;
}

Result<std::vector<AudioTime>> read_audio_times(const std::string& path) {
    const auto text = read_file(path, kMaxFileSize);
    if (!text) return fail(text.error());
    return parse_audio_times(*text, path);
}

Result<std::vector<AudioTime>> parse_audio_times(std::string_view text, const std::string& path) {
    std::vector<AudioTime> times;
    ONETAKE_TRY(for_each_line(text, [&](int number, std::string_view line) -> Status {
        const auto space = line.find_first_of(" \t,");
        AudioTime entry;
        const auto index = line.substr(0, space);
        const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), entry.sample);
        if (error != std::errc{} || end != index.data() + index.size() || entry.sample < 0 ||
            space == std::string_view::npos)
            return fail(at_line(path, number, "a line must be: sample_index seconds."));
        const auto time = parse_decimal_seconds(trim(line.substr(space + 1)));
        if (!time) return fail(at_line(path, number, time.error().message));
        entry.time = *time;
        if (!times.empty() && (entry.sample <= times.back().sample || entry.time <= times.back().time))
            return fail(at_line(path, number, "sample and time must be greater than in the previous line."));
        times.push_back(entry);
        return {};
    }));
    if (times.empty())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} has no line `sample_index seconds`; at least one is needed.", path));
    return times;
}

}  // namespace onetake
