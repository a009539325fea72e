#pragma once

#include <onetake/result.h>
#include <onetake/version.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace onetake {

/// A line of text as an image: premultiplied, 4 bytes per pixel, blue first, alpha last.
struct TextImage {
    int width = 0, height = 0;  ///< pixels, even
    std::vector<std::uint8_t> bgra;
    int missing_characters = 0;  ///< in none of the system's fonts; shown as boxes
};

/// Draws text with the system's fonts in any script, white on a dark, translucent field, with Pango and Cairo.
/// Thread-bound.
class TextRenderer {
 public:
    /// Errors: missing_part if the build has no Pango.
    static Result<std::unique_ptr<TextRenderer>> create();
    TextRenderer(const TextRenderer&) = delete;
    TextRenderer& operator=(const TextRenderer&) = delete;
    virtual ~TextRenderer() = default;

    /// One line of valid UTF-8, letters about `size` pixels high; of a line wider than `most_width` pixels the end
    /// becomes "…". Errors: internal.
    virtual Result<TextImage> draw(std::string_view text, int size, int most_width) = 0;

 protected:
    TextRenderer() = default;
};

/// Whether this build draws text, and with what.
Capability text_capability();

}  // namespace onetake
