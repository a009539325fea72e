#pragma once

namespace onetake::cli {

/// Turns the terminal on stderr black or white, all of it. The destructor restores the terminal. One at a time in a
/// program.
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
