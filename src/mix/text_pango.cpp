#include "mix/text_renderer.h"

#include <algorithm>
#include <fmt/format.h>
#include <pango/pangocairo.h>
#include <string>

namespace onetake {

namespace {

constexpr double kFieldAlpha = 0.55;
constexpr int kSmallestSize = 6, kLargestSize = 512;
constexpr int kMostPixels = 8192;  // of the image's width

struct Unref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

class PangoText final : public TextRenderer {
 public:
    // A font map of its own: the default one belongs to the thread that asks for it first.
    PangoText() : fonts_(pango_cairo_font_map_new()), context_(pango_font_map_create_context(fonts_.get())) {}

    Result<TextImage> draw(std::string_view text, int size, int most_width) override;

 private:
    Owned<PangoFontMap> fonts_;
    Owned<PangoContext> context_;
};

struct SurfaceFree {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct CairoFree {
    void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
};

int even_up(int n) {
    return (n + 1) / 2 * 2;
}

Result<TextImage> PangoText::draw(std::string_view text, int size, int most_width) {
    size = std::clamp(size, kSmallestSize, kLargestSize);
    const int margin = std::max(2, size / 3);
    most_width = std::clamp(most_width, 2 * margin + 2, kMostPixels) / 2 * 2;

    const Owned<PangoLayout> layout(pango_layout_new(context_.get()));
    auto* font = pango_font_description_from_string("Sans");
    pango_font_description_set_absolute_size(font, size * static_cast<double>(PANGO_SCALE));
    pango_layout_set_font_description(layout.get(), font);
    pango_font_description_free(font);
    pango_layout_set_single_paragraph_mode(layout.get(), TRUE);
    pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
    int width = 0, height = 0;
    pango_layout_get_pixel_size(layout.get(), &width, &height);
    if (width > most_width - 2 * margin) {
        width = most_width - 2 * margin;
        pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
        pango_layout_set_width(layout.get(), width * PANGO_SCALE);
    }

    TextImage image;
    image.width = even_up(width + 2 * margin);
    image.height = even_up(std::clamp(height, 1, 8 * size) + margin);
    image.missing_characters = pango_layout_get_unknown_glyphs_count(layout.get());
    // Rows of 4 bytes per pixel are aligned as Cairo wants them.
    image.bgra.resize(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 4);
    const std::unique_ptr<cairo_surface_t, SurfaceFree> surface(cairo_image_surface_create_for_data(
        image.bgra.data(), CAIRO_FORMAT_ARGB32, image.width, image.height, image.width * 4));
    const std::unique_ptr<cairo_t, CairoFree> cairo(cairo_create(surface.get()));
    cairo_set_source_rgba(cairo.get(), 0, 0, 0, kFieldAlpha);
    cairo_paint(cairo.get());
    cairo_set_source_rgb(cairo.get(), 1, 1, 1);
    cairo_move_to(cairo.get(), margin, margin / 2);
    pango_cairo_show_layout(cairo.get(), layout.get());
    cairo_surface_flush(surface.get());
    if (const auto status = cairo_status(cairo.get()); status != CAIRO_STATUS_SUCCESS)
        return fail(ErrorCode::internal,
                    fmt::format("A name can't be drawn: {}. Names are left out.", cairo_status_to_string(status)));
    return image;
}

}  // namespace

Result<std::unique_ptr<TextRenderer>> TextRenderer::create() {
    return std::make_unique<PangoText>();
}

Capability text_capability() {
    return {"Pango", true, fmt::format("{}: names in composed images", pango_version_string())};
}

}  // namespace onetake
