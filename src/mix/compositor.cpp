#include "mix/compositor.h"

#include "mix/display_name.h"
#include "mix/tile_color.h"

#include <algorithm>
#include <fmt/format.h>
#include <libyuv.h>

namespace onetake {

namespace {

constexpr int kEmptyLevel = 40;           // gray of a tile without video
constexpr int kNarrowest = 64;            // picture for a name of its own
constexpr std::size_t kMostLabels = 256;  // kept

int label_size(const TileRect& rect, bool picture) {
    return picture ? std::clamp(rect.height / 16, 9, 32) : std::clamp(rect.height / 8, 9, 96);
}

}  // namespace

Compositor::Compositor(const Options& options, std::shared_ptr<BufferPool> pool)
    : options_(options),
      pool_(std::move(pool)),
      canvas_(make_planar(options.width, options.height, Chroma::s420, options.color, *pool_)) {
    fill_tile(canvas_, {0, 0, options.width, options.height}, 0);
    if (!options.names) return;
    auto text = TextRenderer::create();
    if (text)
        text_ = std::move(*text);
    else
        note_ = text.error().message;
}

PlanarImage Compositor::compose(std::span<const CompositeTile> tiles) {
    std::vector<bool> screens;
    for (const auto& tile : tiles) screens.push_back(tile.screen);
    const auto rects = tile_layout(screens, options_.width, options_.height);
    const bool same_places =
        std::ranges::equal(rects, drawn_, {}, {}, &Drawn::rect) &&
        std::ranges::equal(tiles, drawn_, {}, &CompositeTile::id, [](const Drawn& d) { return d.tile.id; });
    if (!same_places) {
        drawn_.clear();
        fill_tile(canvas_, {0, 0, options_.width, options_.height}, 0);
    }
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        const auto& tile = tiles[i];
        if (!same_places) drawn_.push_back({{}, rects[i], {}, {}});
        auto& drawn = drawn_[i];
        const bool new_name = !same_places || tile.name != drawn.tile.name;
        if (same_places && !new_name && tile.image == drawn.tile.image) continue;
        drawn.tile = tile;
        if (new_name) drawn.shown_name = display_name(tile.name);
        drawn.picture = tile.image ? fit_in(drawn.rect, tile.image->width, tile.image->height) : TileRect{};
        if (drawn.rect.width > 0) draw(drawn);
    }

    auto image = make_planar(options_.width, options_.height, Chroma::s420, options_.color, *pool_);
    for (int i = 0; i < 3; ++i)
        libyuv::CopyPlane(canvas_.plane(i), canvas_.stride[static_cast<std::size_t>(i)], image.writable_plane(i),
                          image.stride[static_cast<std::size_t>(i)], image.columns(i), image.rows(i));
    return image;
}

void Compositor::draw(const Drawn& drawn) {
    const auto& image = drawn.tile.image;
    if (!image)
        fill_tile(canvas_, drawn.rect, kEmptyLevel);
    else if (drawn.picture != drawn.rect)
        fill_tile(canvas_, drawn.rect, 0);
    if (image) draw_picture(*image, drawn.picture);
    draw_label(drawn);
}

void Compositor::draw_picture(const PlanarImage& image, const TileRect& place) {
    for (int i = 0; i < 3; ++i) {
        const auto at = static_cast<std::size_t>(i);
        auto* to = tile_plane(canvas_, place, i);
        const int width = i == 0 ? place.width : place.width / 2, height = i == 0 ? place.height : place.height / 2;
        if (i >= image.planes()) {
            libyuv::SetPlane(to, canvas_.stride[at], width, height, 128);
            continue;
        }
        const std::uint8_t* from = image.plane(i);
        int stride = image.stride[at];
        PlanarImage high_bytes;
        if (image.bytes_per_sample == 2) {
            high_bytes = make_planar(image.width, image.height, Chroma::gray, image.color, *pool_);
            from = gray_from_16(from, stride, high_bytes.writable_plane(0), high_bytes.stride[0], image.width,
                                image.height);
            stride = high_bytes.stride[0];
        }
        libyuv::ScalePlane(from, stride, image.columns(i), image.rows(i), to, canvas_.stride[at], width, height,
                           libyuv::kFilterBox);
    }
    convert_tile(canvas_, place, image.color);
}

void Compositor::draw_label(const Drawn& drawn) {
    if (!text_ || drawn.shown_name.empty()) return;
    const bool picture = drawn.tile.image != nullptr;
    const auto& rect = drawn.picture.width >= kNarrowest ? drawn.picture : drawn.rect;
    const auto& name = label(drawn.shown_name, label_size(drawn.rect, picture), rect.width);
    if (name.width == 0 || name.width > rect.width || name.height > rect.height) return;
    TileRect place{rect.x, rect.y + rect.height - name.height, name.width, name.height};
    if (!picture) {
        place.x = rect.x + (rect.width - name.width) / 4 * 2;
        place.y = rect.y + (rect.height - name.height) / 4 * 2;
    }
    auto* y = tile_plane(canvas_, place, 0);
    auto* u = tile_plane(canvas_, place, 1);
    auto* v = tile_plane(canvas_, place, 2);
    const auto& image = name.image;
    libyuv::I420Blend(image.plane(0), image.stride[0], image.plane(1), image.stride[1], image.plane(2), image.stride[2],
                      y, canvas_.stride[0], u, canvas_.stride[1], v, canvas_.stride[2], name.alpha.data(), name.width,
                      y, canvas_.stride[0], u, canvas_.stride[1], v, canvas_.stride[2], name.width, name.height);
}

const Compositor::Label& Compositor::label(const std::string& name, int size, int most_width) {
    const LabelKey key{name, {size, most_width}};
    const auto found =
        std::ranges::find(labels_, key, [](const auto& entry) -> const LabelKey& { return entry.first; });
    if (found != labels_.end()) {
        std::rotate(found, found + 1, labels_.end());
    } else {
        if (labels_.size() >= kMostLabels) labels_.erase(labels_.begin());
        labels_.emplace_back(key, make_label(name, size, most_width));
    }
    return labels_.back().second;
}

Compositor::Label Compositor::make_label(const std::string& name, int size, int most_width) {
    const auto drawn = text_->draw(name, size, most_width);
    Label label;
    if (!drawn) {
        if (!note_) note_ = drawn.error().message;
        return label;
    }
    if (drawn->missing_characters > 0 && !note_)
        note_ = fmt::format(
            "The name \"{}\" has characters that no installed font has ({}): they are shown as boxes. Install fonts of "
            "its script (fonts-noto-cjk, fonts-noto-core, fonts-noto-color-emoji).",
            name, drawn->missing_characters);
    label.width = drawn->width;
    label.height = drawn->height;
    // Premultiplied colour is what is seen over black; the alpha then mixes that with what is below.
    label.image =
        make_planar(label.width, label.height, Chroma::s420, {options_.color.range, ColorMatrix::bt601}, *pool_);
    auto& image = label.image;
    const auto convert = options_.color.range == ColorRange::full ? libyuv::ARGBToJ420 : libyuv::ARGBToI420;
    convert(drawn->bgra.data(), label.width * 4, image.writable_plane(0), image.stride[0], image.writable_plane(1),
            image.stride[1], image.writable_plane(2), image.stride[2], label.width, label.height);
    image.color.matrix = options_.color.matrix;
    convert_tile(image, {0, 0, label.width, label.height}, {options_.color.range, ColorMatrix::bt601});
    label.alpha.resize(static_cast<std::size_t>(label.width) * static_cast<std::size_t>(label.height));
    for (std::size_t i = 0; i < label.alpha.size(); ++i) label.alpha[i] = drawn->bgra[i * 4 + 3];
    return label;
}

}  // namespace onetake
