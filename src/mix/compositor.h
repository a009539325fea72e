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

/// Puts the pictures of several participants into one image with their names, as tile_layout() places them. The memory
/// of images that nobody holds any more is used again, and only what differs from what it shows is drawn: contents of a
/// tile's image must not change. Thread-bound; its images may be released in any thread, also after it.
class Compositor {
 public:
    struct Options {
        int width = 1280, height = 720;  ///< of the composed image, even, at least 16
        ColorInfo color{ColorRange::limited, ColorMatrix::bt601};
        bool names = true;
    };

    Compositor(const Options& options, std::shared_ptr<BufferPool> pool);

    /// An image of 8-bit 4:2:0. The tiles are placed in their order.
    std::shared_ptr<const PlanarImage> compose(std::span<const CompositeTile> tiles);
    /// Why names are missing or incomplete, once known; for people.
    const std::optional<std::string>& note() const { return note_; }

 private:
    // A drawn name: an image of 8-bit 4:2:0 and how much of it covers what is below, of each luma sample.
    struct Label {
        PlanarImage image;
        std::vector<std::uint8_t> alpha;
        int width = 0, height = 0;  // 0: there is nothing to draw
    };
    // What is drawn in a tile. It does not keep the picture.
    struct Drawn {
        int id = 0;
        std::string name, shown_name;
        std::weak_ptr<const PlanarImage> image;
        TileRect rect, picture;
    };
    struct Canvas {
        PlanarImage image;
        std::vector<Drawn> drawn;  // in order of the tiles
    };
    // Canvases that nobody holds.
    class IdleCanvases;
    using LabelKey = std::pair<std::string, std::pair<int, int>>;  // name, size, largest width

    std::unique_ptr<Canvas> new_canvas() const;
    /// `same_place`: the picture lies where the one before it did.
    void draw(PlanarImage& canvas, const Drawn& drawn, const PlanarImage* image, bool same_place);
    void draw_picture(PlanarImage& canvas, const PlanarImage& image, const TileRect& place);
    void draw_label(PlanarImage& canvas, const Drawn& drawn, bool on_picture);
    const Label& label(const std::string& name, int size, int most_width);
    Label make_label(const std::string& name, int size, int most_width);

    const Options options_;
    const std::shared_ptr<BufferPool> pool_;
    const std::shared_ptr<IdleCanvases> idle_;
    std::unique_ptr<TextRenderer> text_;
    std::vector<std::pair<LabelKey, Label>> labels_;  // the last used at the end
    std::optional<std::string> note_;
};

}  // namespace onetake
