#include "mix/compositor.h"

#include "base/mutex.h"
#include "mix/display_name.h"
#include "mix/tile_color.h"

#include <algorithm>
#include <fmt/format.h>
#include <libyuv.h>
#include <utility>

namespace onetake {

namespace {

constexpr int kEmptyLevel = 40;           // gray of a tile without video
constexpr int kNarrowest = 64;            // picture for a name of its own
constexpr std::size_t kMostLabels = 256;  // kept
constexpr std::size_t kIdleCanvases = 8;  // kept

bool is_same(const std::shared_ptr<const PlanarImage>& image, const std::weak_ptr<const PlanarImage>& other) {
    return !image.owner_before(other) && !other.owner_before(image);
}

int label_size(const TileRect& rect, bool picture) {
    return picture ? std::clamp(rect.height / 16, 9, 32) : std::clamp(rect.height / 8, 9, 96);
}

bool holds_label(const TileRect& picture) {
    return picture.width >= kNarrowest;
}

}  // namespace

// The one that was used last is the next: least differs on it from what is to be shown.
class Compositor::IdleCanvases {
 public:
    IdleCanvases() { canvases_.reserve(kIdleCanvases); }
    std::unique_ptr<Canvas> take() {
        MutexLock lock(mutex_);
        if (canvases_.empty()) return nullptr;
        auto canvas = std::move(canvases_.back());
        canvases_.pop_back();
        return canvas;
    }
    void give_back(std::unique_ptr<Canvas> canvas) {
        MutexLock lock(mutex_);
        if (canvases_.size() < kIdleCanvases) canvases_.push_back(std::move(canvas));
    }

 private:
    Mutex mutex_;
    std::vector<std::unique_ptr<Canvas>> canvases_ ONETAKE_GUARDED_BY(mutex_);
};

Compositor::Compositor(const Options& options, std::shared_ptr<BufferPool> pool)
    : options_(options), pool_(std::move(pool)), idle_(std::make_shared<IdleCanvases>()) {
    if (!options.names) return;
    auto text = TextRenderer::create();
    if (text)
        text_ = std::move(*text);
    else
        note_ = text.error().message;
}

std::unique_ptr<Compositor::Canvas> Compositor::new_canvas() const {
    auto canvas = std::make_unique<Canvas>();
    canvas->image = make_planar(options_.width, options_.height, Chroma::s420, options_.color, *pool_);
    fill_tile(canvas->image, {0, 0, options_.width, options_.height}, 0);
    return canvas;
}

std::shared_ptr<const PlanarImage> Compositor::compose(std::span<const CompositeTile> tiles) {
    std::vector<bool> screens;
    for (const auto& tile : tiles) screens.push_back(tile.screen);
    const auto rects = tile_layout(screens, options_.width, options_.height);
    auto canvas = idle_->take();
    if (!canvas) canvas = new_canvas();
    auto& all_drawn = canvas->drawn;
    const bool same_places = std::ranges::equal(rects, all_drawn, {}, {}, &Drawn::rect) &&
                             std::ranges::equal(tiles, all_drawn, {}, &CompositeTile::id, &Drawn::id);
    if (!same_places) {
        all_drawn.clear();
        fill_tile(canvas->image, {0, 0, options_.width, options_.height}, 0);
    }
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        const auto& tile = tiles[i];
        if (!same_places) all_drawn.push_back({tile.id, {}, {}, {}, rects[i], {}});
        auto& drawn = all_drawn[i];
        const bool new_name = !same_places || tile.name != drawn.name;
        if (same_places && !new_name && is_same(tile.image, drawn.image)) continue;
        drawn.name = tile.name;
        drawn.image = tile.image;
        if (new_name) drawn.shown_name = display_name(tile.name);
        const auto picture = tile.image ? fit_in(drawn.rect, tile.image->width, tile.image->height) : TileRect{};
        const bool same_place = std::exchange(drawn.picture, picture) == picture;
        if (drawn.rect.width > 0) draw(canvas->image, drawn, tile.image.get(), same_place);
    }
    const std::shared_ptr<Canvas> shared(
        canvas.release(), [idle = idle_](Canvas* released) { idle->give_back(std::unique_ptr<Canvas>(released)); });
    return {shared, &shared->image};
}

void Compositor::draw(PlanarImage& canvas, const Drawn& drawn, const PlanarImage* image, bool same_place) {
    const bool covered = drawn.picture == drawn.rect || (same_place && holds_label(drawn.picture));
    if (image == nullptr)
        fill_tile(canvas, drawn.rect, kEmptyLevel);
    else if (!covered)
        fill_tile(canvas, drawn.rect, 0);
    if (image != nullptr) draw_picture(canvas, *image, drawn.picture);
    draw_label(canvas, drawn, image != nullptr);
}

void Compositor::draw_picture(PlanarImage& canvas, const PlanarImage& image, const TileRect& place) {
    for (int i = 0; i < 3; ++i) {
        const auto at = static_cast<std::size_t>(i);
        auto* to = tile_plane(canvas, place, i);
        const int width = i == 0 ? place.width : place.width / 2, height = i == 0 ? place.height : place.height / 2;
        if (i >= image.planes()) {
            libyuv::SetPlane(to, canvas.stride[at], width, height, 128);
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
        libyuv::ScalePlane(from, stride, image.columns(i), image.rows(i), to, canvas.stride[at], width, height,
                           libyuv::kFilterBox);
    }
    convert_tile(canvas, place, image.color);
}

void Compositor::draw_label(PlanarImage& canvas, const Drawn& drawn, bool on_picture) {
    if (!text_ || drawn.shown_name.empty()) return;
    const auto& rect = holds_label(drawn.picture) ? drawn.picture : drawn.rect;
    const auto& name = label(drawn.shown_name, label_size(drawn.rect, on_picture), rect.width);
    if (name.width == 0 || name.width > rect.width || name.height > rect.height) return;
    TileRect place{rect.x, rect.y + rect.height - name.height, name.width, name.height};
    if (!on_picture) {
        place.x = rect.x + (rect.width - name.width) / 4 * 2;
        place.y = rect.y + (rect.height - name.height) / 4 * 2;
    }
    auto* y = tile_plane(canvas, place, 0);
    auto* u = tile_plane(canvas, place, 1);
    auto* v = tile_plane(canvas, place, 2);
    const auto& image = name.image;
    libyuv::I420Blend(image.plane(0), image.stride[0], image.plane(1), image.stride[1], image.plane(2), image.stride[2],
                      y, canvas.stride[0], u, canvas.stride[1], v, canvas.stride[2], name.alpha.data(), name.width, y,
                      canvas.stride[0], u, canvas.stride[1], v, canvas.stride[2], name.width, name.height);
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
