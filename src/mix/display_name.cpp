#include "mix/display_name.h"

#include <cstdint>
#include <utility>

namespace onetake {

namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kEllipsis = 0x2026;
constexpr int kMostMarks = 4;

bool in(char32_t c, char32_t first, char32_t last) {
    return c >= first && c <= last;
}

// The next code point of `text`, which it shortens; kReplacement for each byte that is no part of a valid one.
char32_t next_code_point(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    std::size_t length = 1;
    char32_t c = first;
    char32_t smallest = 0;
    if (first >= 0xC2 && first <= 0xDF)
        length = 2, c = first & 0x1FU, smallest = 0x80;
    else if (first >= 0xE0 && first <= 0xEF)
        length = 3, c = first & 0x0FU, smallest = 0x800;
    else if (first >= 0xF0 && first <= 0xF4)
        length = 4, c = first & 0x07U, smallest = 0x10000;
    else if (first >= 0x80)
        c = kReplacement;
    bool valid = text.size() >= length;
    for (std::size_t i = 1; valid && i < length; ++i) {
        valid = (byte(i) & 0xC0U) == 0x80;
        c = c << 6U | (byte(i) & 0x3FU);
    }
    valid = valid && c >= smallest && c <= 0x10FFFF && !in(c, 0xD800, 0xDFFF);
    text.remove_prefix(valid ? length : 1);
    return valid ? c : kReplacement;
}

void append(char32_t c, std::string& to) {
    const auto put = [&](char32_t value) { to.push_back(static_cast<char>(static_cast<unsigned char>(value))); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6U);
        put(0x80 | (c & 0x3FU));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12U);
        put(0x80 | (c >> 6U & 0x3FU));
        put(0x80 | (c & 0x3FU));
    } else {
        put(0xF0 | c >> 18U);
        put(0x80 | (c >> 12U & 0x3FU));
        put(0x80 | (c >> 6U & 0x3FU));
        put(0x80 | (c & 0x3FU));
    }
}

bool is_space(char32_t c) {
    return in(c, 0x09, 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || in(c, 0x2000, 0x200A) ||
           in(c, 0x2028, 0x2029) || c == 0x202F || c == 0x205F || c == 0x3000;
}

// Nothing that is seen, or something that changes how its neighbours are shown.
bool is_left_out(char32_t c) {
    return c < 0x20 || in(c, 0x7F, 0x9F) || c == 0xAD || c == 0x61C || c == 0x34F || in(c, 0x115F, 0x1160) ||
           in(c, 0x180B, 0x180F) || c == 0x200B || in(c, 0x200E, 0x200F) || in(c, 0x202A, 0x202E) ||
           in(c, 0x2060, 0x206F) || c == 0x3164 || in(c, 0xFDD0, 0xFDEF) || c == 0xFEFF || c == 0xFFA0 ||
           in(c, 0xFFF0, 0xFFFC) || in(c, 0xE0000, 0x10FFFF) || (c & 0xFFFEU) == 0xFFFE;
}

// The blocks of combining marks that any character can carry.
bool is_mark(char32_t c) {
    return in(c, 0x300, 0x36F) || in(c, 0x483, 0x489) || in(c, 0x591, 0x5BD) || in(c, 0x610, 0x61A) ||
           in(c, 0x64B, 0x65F) || in(c, 0xE31, 0xE3A) || in(c, 0xE47, 0xE4E) || in(c, 0x1AB0, 0x1AFF) ||
           in(c, 0x1DC0, 0x1DFF) || in(c, 0x20D0, 0x20FF) || in(c, 0xFE00, 0xFE0F) || in(c, 0xFE20, 0xFE2F);
}

}  // namespace

std::string display_name(std::string_view untrusted) {
    std::string shown;
    std::size_t characters = 0, before_last = 0;
    int marks = 0;
    bool space = false;
    while (!untrusted.empty()) {
        const char32_t c = next_code_point(untrusted);
        if (is_space(c)) {
            space = characters > 0;
            continue;
        }
        if (is_left_out(c)) continue;
        marks = is_mark(c) ? marks + 1 : 0;
        if (marks > kMostMarks) continue;
        const std::size_t added = std::exchange(space, false) ? 2 : 1;
        if (characters + added > kLongestDisplayName) {
            if (characters == kLongestDisplayName) shown.resize(before_last);
            append(kEllipsis, shown);
            return shown;
        }
        if (added == 2) shown.push_back(' ');
        before_last = shown.size();
        append(c, shown);
        characters += added;
    }
    return shown;
}

}  // namespace onetake
