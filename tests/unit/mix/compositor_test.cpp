#include "mix/compositor.h"

#include <array>
#include <cmath>
#include <cstring>
#include <deque>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <set>
#include <utility>

namespace onetake {
namespace {

constexpr int kWidth = 640, kHeight = 360;

struct Colour {
    int y, u, v;
};

std::shared_ptr<BufferPool> pool() {
    return BufferPool::create(4);
}

std::shared_ptr<const PlanarImage> plain(int width, int height, Colour colour, Chroma chroma = Chroma::s420,
                                         ColorInfo info = {ColorRange::limited, ColorMatrix::bt601}) {
    auto buffers = pool();
    auto image = std::make_shared<PlanarImage>(make_planar(width, height, chroma, info, *buffers));
    for (int i = 0; i < image->planes(); ++i)
        for (int y = 0; y < image->rows(i); ++y)
            std::memset(image->writable_plane(i) + std::ptrdiff_t{y} * image->stride[static_cast<std::size_t>(i)],
                        i == 0   ? colour.y
                        : i == 1 ? colour.u
                                 : colour.v,
                        static_cast<std::size_t>(image->columns(i)));
    return image;
}

Colour at(const PlanarImage& image, int x, int y) {
    const auto value = [&](int plane, int px, int py) {
        return int{image.plane(plane)[std::ptrdiff_t{py} * image.stride[static_cast<std::size_t>(plane)] + px]};
    };
    return {value(0, x, y), value(1, x / 2, y / 2), value(2, x / 2, y / 2)};
}

testing::AssertionResult is(const PlanarImage& image, int x, int y, Colour wanted, int tolerance = 1) {
    const auto found = at(image, x, y);
    if (std::abs(found.y - wanted.y) <= tolerance && std::abs(found.u - wanted.u) <= tolerance &&
        std::abs(found.v - wanted.v) <= tolerance)
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << "(" << x << ", " << y << ") is " << found.y << " " << found.u << " "
                                       << found.v << ", not " << wanted.y << " " << wanted.u << " " << wanted.v;
}

Compositor::Options options(bool names = false) {
    Compositor::Options o;
    o.width = kWidth;
    o.height = kHeight;
    o.names = names;
    return o;
}

constexpr Colour kRed{81, 90, 240}, kGreen{145, 54, 34}, kBlack{16, 128, 128}, kEmpty{50, 128, 128};

TEST(Compositor, EveryPictureLiesInItsTileWithItsProportions) {
    Compositor compositor(options(), pool());
    const std::vector<CompositeTile> tiles{{1, "A", false, plain(320, 240, kRed)},
                                           {2, "B", false, plain(101, 203, kGreen)}};
    const auto composed = compositor.compose(tiles);
    const auto& image = *composed;
    EXPECT_EQ(image.chroma, Chroma::s420);
    EXPECT_EQ(image.width, kWidth);
    // 4:3 in 320 x 360 is 320 x 240.
    EXPECT_TRUE(is(image, 0, 59, kBlack));
    EXPECT_TRUE(is(image, 0, 61, kRed));
    EXPECT_TRUE(is(image, 319, 298, kRed));
    EXPECT_TRUE(is(image, 319, 301, kBlack));
    // 101 x 203 is as high as the tile, and 180 wide.
    EXPECT_TRUE(is(image, 480, 0, kGreen));
    EXPECT_TRUE(is(image, 480, 359, kGreen));
    EXPECT_TRUE(is(image, 388, 180, kBlack));
    EXPECT_TRUE(is(image, 392, 180, kGreen));
    EXPECT_TRUE(is(image, 567, 180, kGreen));
    EXPECT_TRUE(is(image, 572, 180, kBlack));
}

TEST(Compositor, TheGridFollowsWhoComesAndGoes) {
    Compositor compositor(options(), pool());
    const CompositeTile red{1, "A", false, plain(160, 90, kRed)}, green{2, "B", false, plain(160, 90, kGreen)},
        nobody{3, "C", false, nullptr}, screen{4, "A", true, plain(160, 90, kGreen)};
    EXPECT_TRUE(is(*compositor.compose(std::vector{red}), 0, 0, kRed));
    const auto two = compositor.compose(std::vector{red, green});
    EXPECT_TRUE(is(*two, 0, 0, kBlack));
    EXPECT_TRUE(is(*two, 0, 180, kRed));
    EXPECT_TRUE(is(*two, 639, 180, kGreen));
    const auto three = compositor.compose(std::vector{red, green, nobody});
    EXPECT_TRUE(is(*three, 0, 0, kRed));
    EXPECT_TRUE(is(*three, 639, 0, kGreen));
    EXPECT_TRUE(is(*three, 320, 270, kEmpty)) << "a tile without video";
    EXPECT_TRUE(is(*three, 10, 270, kBlack));
    EXPECT_TRUE(is(*compositor.compose(std::vector{green}), 0, 0, kGreen));
    const auto shared = compositor.compose(std::vector{red, screen});
    EXPECT_TRUE(is(*shared, 256, 180, kGreen)) << "large";
    EXPECT_TRUE(is(*shared, 510, 180, kGreen));
    EXPECT_TRUE(is(*shared, 600, 180, kRed)) << "small beside it";
    EXPECT_TRUE(is(*compositor.compose({}), 320, 180, kBlack));
}

TEST(Compositor, EverySamplingRangeAndMatrixKeepsItsColour) {
    const ColorInfo full{ColorRange::full, ColorMatrix::bt601}, hd{ColorRange::limited, ColorMatrix::bt709};
    Compositor compositor(options(), pool());
    const auto alone = [&](const std::shared_ptr<const PlanarImage>& picture) {
        return compositor.compose(std::vector{CompositeTile{1, "", false, picture}});
    };
    for (const auto chroma : {Chroma::s420, Chroma::s422, Chroma::s440, Chroma::s411, Chroma::s444})
        EXPECT_TRUE(is(*alone(plain(322, 181, kRed, chroma)), 320, 180, kRed)) << static_cast<int>(chroma);
    EXPECT_TRUE(is(*alone(plain(320, 180, {16, 0, 0}, Chroma::gray)), 320, 180, {16, 128, 128}));
    EXPECT_TRUE(is(*alone(plain(320, 180, {76, 85, 255}, Chroma::s420, full)), 320, 180, kRed, 2)) << "full range";
    EXPECT_TRUE(is(*alone(plain(320, 180, {63, 102, 240}, Chroma::s420, hd)), 320, 180, kRed, 2)) << "BT.709";

    auto o = options();
    o.color = {ColorRange::full, ColorMatrix::bt709};
    Compositor other(o, pool());
    EXPECT_TRUE(is(*other.compose(std::vector{CompositeTile{1, "", false, plain(320, 180, kRed)}}), 320, 180,
                   {54, 99, 255}, 2));
}

TEST(Compositor, SixteenBitGrayIsShownByItsHighBytes) {
    auto buffers = pool();
    auto image = std::make_shared<PlanarImage>(
        make_planar(64, 36, Chroma::gray, {ColorRange::limited, ColorMatrix::bt601}, *buffers, 2));
    for (int y = 0; y < 36; ++y)
        for (int x = 0; x < 64; ++x) {
            auto* sample = image->writable_plane(0) + std::ptrdiff_t{y} * image->stride[0] + 2 * x;
            sample[0] = 0xEE;
            sample[1] = 100;
        }
    Compositor compositor(options(), pool());
    EXPECT_TRUE(is(*compositor.compose(std::vector{CompositeTile{1, "", false, image}}), 320, 180, {100, 128, 128}));
}

// Bright samples of the lower left quarter of the image, where the name of the only tile is.
int bright_samples(const PlanarImage& image, int threshold = 200) {
    int count = 0;
    for (int y = kHeight / 2; y < kHeight; ++y)
        for (int x = 0; x < kWidth / 2; ++x) count += at(image, x, y).y >= threshold;
    return count;
}

TEST(Compositor, NamesOfEveryScriptThatTheFontsHaveAreVisibleAndDiffer) {
    auto text = TextRenderer::create();
    if (!text) GTEST_SKIP() << text.error().message;
    std::vector<std::vector<std::uint8_t>> seen;
    int scripts = 0;
    for (const char* name : {"Ada", "Ольга", "Ελένη", "محمد", "דוד", "王小明", "अनीता", "👩"}) {
        if ((*text)->draw(name, 20, 300).value().missing_characters > 0) continue;
        ++scripts;
        Compositor compositor(options(true), pool());
        const auto composed = compositor.compose(std::vector{CompositeTile{1, name, false, plain(640, 360, kRed)}});
        const auto& image = *composed;
        EXPECT_GT(bright_samples(image), 30) << name;
        EXPECT_TRUE(is(image, 320, 100, kRed)) << "the picture above it is not touched";
        EXPECT_FALSE(compositor.note()) << compositor.note().value_or("");
        std::vector<std::uint8_t> bytes(image.plane(0), image.plane(0) + std::ptrdiff_t{image.stride[0]} * kHeight);
        EXPECT_THAT(seen, testing::Not(testing::Contains(bytes))) << name;
        seen.push_back(std::move(bytes));
    }
    EXPECT_GE(scripts, 5) << "the fonts of fonts-dejavu-core have Latin, Cyrillic, Greek, Arabic and Hebrew";
}

TEST(Compositor, ANameIsDrawnOnceHoweverOftenTheTileIs) {
    if (!TextRenderer::create()) GTEST_SKIP() << "no Pango";
    Compositor compositor(options(true), pool());
    const auto first = compositor.compose(std::vector{CompositeTile{1, "Ada", false, plain(320, 240, kRed)}});
    std::shared_ptr<const PlanarImage> last;
    for (int i = 0; i < 5; ++i)
        last = compositor.compose(std::vector{CompositeTile{1, "Ada", false, plain(320, 240, kRed)}});
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) ASSERT_EQ(at(*first, x, y).y, at(*last, x, y).y) << x << ", " << y;
    const auto renamed = compositor.compose(std::vector{CompositeTile{1, "", false, plain(320, 240, kRed)}});
    EXPECT_EQ(bright_samples(*renamed), 0) << "the old name is gone";
}

// Several images are held at once, as by an encoder that is behind, so that memory of different ages is used again.
TEST(Compositor, AnImageIsTheSameWhateverItsMemoryShowedBefore) {
    Compositor compositor(options(true), pool());
    std::mt19937 random{1};
    const auto picture = [&]() -> std::shared_ptr<const PlanarImage> {
        if (random() % 8 == 0) return nullptr;
        static constexpr std::array<std::pair<int, int>, 3> kSizes{{{160, 90}, {90, 160}, {20, 200}}};
        const auto [width, height] = kSizes[random() % kSizes.size()];
        return plain(width, height, random() % 2 == 0 ? kRed : kGreen);
    };
    std::vector<CompositeTile> tiles{{1, "Ada", false, picture()}};
    std::deque<std::shared_ptr<const PlanarImage>> held;
    std::set<const PlanarImage*> memory;
    for (int n = 0; n < 200; ++n) {
        for (auto& tile : tiles)
            if (random() % 2 == 0) tile.image = picture();
        if (random() % 10 == 0 && tiles.size() < 4)
            tiles.push_back({n + 2, random() % 2 == 0 ? "Bo" : "", random() % 4 == 0, picture()});
        if (random() % 10 == 0 && tiles.size() > 1) tiles.erase(tiles.begin());
        if (random() % 10 == 0) tiles.front().name += "x";
        const auto image = compositor.compose(tiles);
        memory.insert(image.get());
        Compositor fresh(options(true), pool());
        const auto wanted = fresh.compose(tiles);
        for (int i = 0; i < 3; ++i)
            for (int y = 0; y < image->rows(i); ++y) {
                const auto row = [&](const PlanarImage& of) {
                    return of.plane(i) + std::ptrdiff_t{y} * of.stride[static_cast<std::size_t>(i)];
                };
                ASSERT_EQ(std::memcmp(row(*image), row(*wanted), static_cast<std::size_t>(image->columns(i))), 0)
                    << "image " << n << ", plane " << i << ", row " << y;
            }
        held.push_back(image);
        while (held.size() > random() % 4) held.pop_front();
    }
    EXPECT_LE(memory.size(), 8U) << "memory is used again";
}

TEST(Compositor, DoesNotKeepThePicturesThatItShowed) {
    auto compositor = std::make_optional<Compositor>(options(), pool());
    auto picture = plain(160, 90, kRed);
    const std::weak_ptr<const PlanarImage> watched = picture;
    const auto image = compositor->compose(std::vector{CompositeTile{1, "A", false, std::move(picture)}});
    EXPECT_TRUE(watched.expired());
    compositor.reset();
    EXPECT_TRUE(is(*image, 320, 180, kRed)) << "the image outlives the compositor";
}

TEST(Compositor, ATileWithoutVideoShowsTheNameInItsMiddleAndLongNamesStayInside) {
    if (!TextRenderer::create()) GTEST_SKIP() << "no Pango";
    Compositor compositor(options(true), pool());
    const auto composed = compositor.compose(
        std::vector{CompositeTile{1, std::string(500, 'W'), false, nullptr}, CompositeTile{2, "Bob", false, nullptr}});
    const auto& image = *composed;
    int left = 0, right = 0, outside = 0;
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x)
            if (at(image, x, y).y > 200) (y < 120 || y >= 240 ? outside : x < 320 ? left : right) += 1;
    EXPECT_GT(left, 100);
    EXPECT_GT(right, 100);
    EXPECT_EQ(outside, 0);
}

TEST(Compositor, ACharacterWithoutAFontIsNoted) {
    auto text = TextRenderer::create();
    if (!text) GTEST_SKIP() << text.error().message;
    const char* name = "\U00012000";  // cuneiform
    if ((*text)->draw(name, 20, 300).value().missing_characters == 0) GTEST_SKIP() << "there is a font for it";
    Compositor compositor(options(true), pool());
    compositor.compose(std::vector{CompositeTile{1, name, false, nullptr}});
    EXPECT_THAT(compositor.note().value_or(""), testing::HasSubstr("fonts-noto"));
}

}  // namespace
}  // namespace onetake
