#include "base/redact.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace onetake {

namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kEndsUrl = " \t\r\n\"'<>|";
constexpr std::array<std::string_view, 6> kSecretKeys{"password=", "passwd=", "pass=", "pwd=", "token=", "secret="};

std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return made;
}

// The URL's part after "://".
std::string without_secrets(std::string_view rest) {
    std::string kept;
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        kept = kHidden;
        rest.remove_prefix(at);
    }
    auto end = rest.find('?');
    const auto names = lower(rest);
    for (const auto key : kSecretKeys)
        if (const auto found = names.find(key); found != names.npos) end = std::min(end, found + key.size());
    if (end == rest.npos) return kept.append(rest);
    if (end < rest.size() && rest[end] == '?') ++end;
    return kept.append(rest.substr(0, end)).append(end < rest.size() ? kHidden : "");
}

}  // namespace

std::string redacted(std::string_view text) {
    std::string shown;
    for (;;) {
        const auto scheme = text.find("://");
        if (scheme == text.npos) return shown.append(text);
        const auto begin = scheme + 3;
        shown.append(text.substr(0, begin));
        text.remove_prefix(begin);
        const auto end = std::min(text.find_first_of(kEndsUrl), text.size());
        shown.append(without_secrets(text.substr(0, end)));
        text.remove_prefix(end);
    }
}

}  // namespace onetake
