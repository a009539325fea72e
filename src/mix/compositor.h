#pragma once

#include "codec/planar_image.h"
#include "mix/text_renderer.h"
#include "mix/tile_layout.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// One of the pictures that a composed image shows.
struct CompositeTile {
    int id = 0;                                ///< the same for one participant's video in every image
    std::string name;                          ///< untrusted: it is shown as display_name() returns it
    bool screen = false;                       ///< a screen share: large
    std::shared_ptr<const PlanarImage> image;  ///< any size and sampling; null: no video, only the name is shown
};

/// Puts the pictures of several participants into one image with their names, as tile_layout() places them. What did
/// not change since the image before is not drawn again: an image is known by its address, so its contents must not
/// change. Thread-bound.
class Compositor {
 public:
    struct Options {
        int width = 1280, height = 720;  ///< of the composed image, even, at least 16
        ColorInfo color{ColorRange::limited, ColorMatrix::bt601};
        bool names = true;
    };

    Compositor(const Options& options, std::shared_ptr<BufferPool> pool);

    /// An image of 8-bit 4:2:0. The tiles are placed in their order.
    PlanarImage compose(std::span<const CompositeTile> tiles);
    /// Why names are missing or incomplete, once known; for people.
    const std::optional<std::string>& note() const { return note_; }

 private:
    // A drawn name: an image of 8-bit 4:2:0 and how much of it covers what is below, of each luma sample.
    struct Label {
        PlanarImage image;
        std::vector<std::uint8_t> alpha;
        int width = 0, height = 0;  // 0: there is nothing to draw
    };
    // What is drawn on the canvas.
    struct Drawn {
        CompositeTile tile;
        TileRect rect, picture;
        std::string shown_name;
    };
    using LabelKey = std::pair<std::string, std::pair<int, int>>;  // name, size, largest width

    void draw(const Drawn& drawn);
    void draw_picture(const PlanarImage& image, const TileRect& place);
    void draw_label(const Drawn& drawn);
    const Label& label(const std::string& name, int size, int most_width);
    Label make_label(const std::string& name, int size, int most_width);

    const Options options_;
    const std::shared_ptr<BufferPool> pool_;
    PlanarImage canvas_;
    std::vector<Drawn> drawn_;  // in order of the tiles
    std::unique_ptr<TextRenderer> text_;
    std::vector<std::pair<LabelKey, Label>> labels_;  // the last used at the end
    std::optional<std::string> note_;
};

}  // namespace onetake
