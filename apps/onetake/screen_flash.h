#pragma once

namespace onetake::cli {

/// Turns the whole terminal on stderr black or white. While it lives the terminal shows nothing else; afterwards it is
/// as before. One at a time in a program.
class ScreenFlash {
 public:
    ScreenFlash();
    ~ScreenFlash();
    ScreenFlash(const ScreenFlash&) = delete;
    ScreenFlash& operator=(const ScreenFlash&) = delete;

    void show(bool lit) const;
    /// Whether stderr is a terminal.
    static bool possible();
};

}  // namespace onetake::cli
