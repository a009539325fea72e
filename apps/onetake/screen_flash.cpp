#include "screen_flash.h"

#include <string_view>
#include <unistd.h>

namespace onetake::cli {

namespace {

// Unbuffered: the screen must light up now.
void send(std::string_view sequence) {
    while (!sequence.empty()) {
        const auto n = ::write(STDERR_FILENO, sequence.data(), sequence.size());
        if (n <= 0) return;
        sequence.remove_prefix(static_cast<std::size_t>(n));
    }
}

// The alternate screen without a cursor; painted in fixed colours, as reverse video depends on the user's theme.
constexpr std::string_view kBegin = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kWhite = "\x1b[48;5;231m\x1b[2J\x1b[H";
constexpr std::string_view kBlack = "\x1b[48;5;16m\x1b[2J\x1b[H";
constexpr std::string_view kEnd = "\x1b[0m\x1b[?25h\x1b[?1049l";

}  // namespace

ScreenFlash::ScreenFlash() {
    send(kBegin);
    send(kBlack);
}

ScreenFlash::~ScreenFlash() {
    send(kEnd);
}

void ScreenFlash::show(bool lit) const {
    send(lit ? kWhite : kBlack);
}

bool ScreenFlash::possible() {
    return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace onetake::cli
