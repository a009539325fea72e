#include "media/test_pattern.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

namespace onetake {

namespace {

constexpr auto flash_length = std::chrono::milliseconds(100);
constexpr double beep_seconds = 0.05;
constexpr double beep_hz = 1000;
constexpr double beep_level = 0.5 * 32767;
constexpr double hum_hz = 220;
constexpr double hum_level = 0.003 * 32767;
constexpr std::uint8_t white = 235;
constexpr std::uint8_t black = 16;

constexpr int digits = 8;
constexpr int bits = 24;
// White and black at both ends of the bits: a marker that other frames don't have by chance.
constexpr int squares = bits + 4;

// Bits of the lit segments: top first, clockwise, the middle last.
constexpr std::array<unsigned, 10> segments{0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f};

struct Area {
    int x, y, w, h;
};

// Square `i` of the row, in a frame of this size.
Area square(int i, int width, int height) {
    const int h = std::max(6, height / 12);
    const int left = width * i / squares;
    return {left, height - h, width * (i + 1) / squares - left, h};
}

bool is_white(int i, std::int64_t number) {
    if (i == 0 || i == squares - 1) return true;
    if (i == 1 || i == squares - 2) return false;
    return ((number >> (i - 2)) & 1) != 0;
}

}  // namespace

HostTime TestScene::frame_time(std::int64_t number) const {
    // Full seconds are separate, to stay exact after many hours.
    const double seconds = static_cast<double>(number) / fps;
    const double full = std::floor(seconds);
    const double fraction = (static_cast<double>(number) - full * fps) / fps;
    return start + std::chrono::seconds(static_cast<std::int64_t>(full)) + Duration(std::llround(fraction * 1e9));
}

std::int64_t TestScene::first_frame_from(HostTime t) const {
    if (t <= start) return 0;
    auto number = static_cast<std::int64_t>(to_seconds(t - start) * fps);
    number = std::max<std::int64_t>(0, number - 1);
    while (frame_time(number) < t) ++number;
    return number;
}

std::optional<HostTime> TestScene::flash_start(std::int64_t second) const {
    if (second < 0) return std::nullopt;
    const auto from = start + std::chrono::seconds(second);
    const auto t = frame_time(first_frame_from(from));
    if (t >= from + std::chrono::seconds(1)) return std::nullopt;
    return t;
}

bool TestScene::lit(std::int64_t number) const {
    const auto t = frame_time(number);
    const auto flash = flash_start((t - start) / std::chrono::seconds(1));
    return flash && t < *flash + flash_length;
}

TestPattern::TestPattern(int width, int height)
    : width_(std::max(64, width)),
      height_(std::max(48, height)),
      background_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_) * 3) {
    // Eight bars with all combinations of dim blue, green and red: dark enough for the flash to stand out.
    for (int y = 0; y < height_; ++y)
        for (int x = 0; x < width_; ++x) {
            const int bar = x * 8 / width_;
            auto* p =
                background_.data() +
                (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3;
            const int shade = 30 + 60 * y / height_;
            for (int c = 0; c < 3; ++c) p[c] = static_cast<std::uint8_t>((bar >> c & 1) != 0 ? shade : 16);
        }
}

void TestPattern::box(std::uint8_t* bgr, int stride, int x, int y, int w, int h, std::uint8_t level) const {
    const int right = std::min(width_, x + w);
    if (right <= x) return;
    for (int row = y; row < std::min(height_, y + h); ++row)
        std::memset(bgr + static_cast<std::ptrdiff_t>(row) * stride + static_cast<std::ptrdiff_t>(x) * 3, level,
                    static_cast<std::size_t>(right - x) * 3);
}

void TestPattern::digit(std::uint8_t* bgr, int stride, int x, int y, int value) const {
    const int w = width_ / 16, h = height_ / 6, line = std::max(1, w / 5);
    const int half = (h - line) / 2;
    const std::array<Area, 7> places{{{x, y, w, line},
                                      {x + w - line, y, line, half + line},
                                      {x + w - line, y + half, line, h - half},
                                      {x, y + h - line, w, line},
                                      {x, y + half, line, h - half},
                                      {x, y, line, half + line},
                                      {x, y + half, w, line}}};
    for (std::size_t i = 0; i < places.size(); ++i)
        if ((segments[static_cast<std::size_t>(value)] >> i & 1) != 0)
            box(bgr, stride, places[i].x, places[i].y, places[i].w, places[i].h, white);
}

void TestPattern::draw(std::int64_t frame_number, bool flash, std::uint8_t* bgr, int stride) const {
    const auto row = static_cast<std::size_t>(width_) * 3;
    if (flash) {
        box(bgr, stride, 0, 0, width_, height_, white);
    } else {
        for (int y = 0; y < height_; ++y)
            std::memcpy(bgr + static_cast<std::ptrdiff_t>(y) * stride,
                        background_.data() + static_cast<std::size_t>(y) * row, row);
    }

    // Crosses the frame in 120 steps.
    const int bar = std::max(2, width_ / 80);
    const int left = static_cast<int>(frame_number % 120) * (width_ - bar) / 119;
    box(bgr, stride, left, height_ * 5 / 8, bar, height_ / 8, flash ? black : white);

    const int step = width_ * 5 / 64;
    const int x0 = (width_ - digits * step) / 2;
    const int y0 = height_ / 4;
    box(bgr, stride, x0 - step / 4, y0 - height_ / 24, digits * step + step / 4, height_ / 6 + height_ / 12, black);
    std::int64_t remaining = frame_number;
    for (int i = digits - 1; i >= 0; --i, remaining /= 10)
        digit(bgr, stride, x0 + i * step, y0, static_cast<int>(remaining % 10));

    for (int i = 0; i < squares; ++i) {
        const auto [x, y, w, h] = square(i, width_, height_);
        box(bgr, stride, x, y, w, h, is_white(i, frame_number) ? white : black);
    }
}

std::optional<std::int64_t> read_test_frame_number(const std::uint8_t* luma, int width, int height, int stride) {
    const auto level = [&](int i) {
        const auto [x, y, w, h] = square(i, width, height);
        return static_cast<int>(luma[static_cast<std::ptrdiff_t>(y + h / 2) * stride + x + w / 2]);
    };
    const int bright = std::min(level(0), level(squares - 1));
    const int dark = std::max(level(1), level(squares - 2));
    if (bright - dark < 80) return std::nullopt;
    std::int64_t number = 0;
    for (int i = 0; i < bits; ++i)
        if (level(i + 2) > (bright + dark) / 2) number |= std::int64_t{1} << i;
    return number;
}

TestTone::TestTone(TestScene scene, int label_rate, int channels, double ppm)
    : scene_(scene), rate_(label_rate * (1 + ppm * 1e-6)), channels_(std::max(1, channels)) {}

HostTime TestTone::time_of(std::int64_t sample) const {
    const double seconds = static_cast<double>(sample) / rate_;
    const double full = std::floor(seconds);
    const double fraction = (static_cast<double>(sample) - full * rate_) / rate_;
    return scene_.start + std::chrono::seconds(static_cast<std::int64_t>(full)) +
           Duration(std::llround(fraction * 1e9));
}

std::int64_t TestTone::first_sample_from(HostTime t) const {
    if (t <= scene_.start) return 0;
    auto sample = std::max<std::int64_t>(0, static_cast<std::int64_t>(to_seconds(t - scene_.start) * rate_) - 1);
    while (time_of(sample) < t) ++sample;
    return sample;
}

void TestTone::fill(std::int64_t first, std::span<std::int16_t> samples) const {
    const auto count = static_cast<std::int64_t>(samples.size()) / channels_;
    const auto beep_in = [&](std::int64_t second) {
        const auto flash = scene_.flash_start(second);
        return flash ? to_seconds(*flash - scene_.start) : -1;
    };
    std::int64_t second = -1;
    double current = -1, previous = -1;  // beeps of `second` and of the one before, s since the start
    const auto is_on = [](double beep, double t) {
        // Half a nanosecond of tolerance: a sample exactly at the flash belongs to the beep.
        return beep >= 0 && t - beep > -0.5e-9 && t - beep < beep_seconds;
    };
    for (std::int64_t i = 0; i < count; ++i) {
        const double t = static_cast<double>(first + i) / rate_;
        if (const auto full = static_cast<std::int64_t>(t); full != second) {
            second = full;
            current = beep_in(second);
            previous = beep_in(second - 1);
        }
        double value = hum_level * std::sin(2 * std::numbers::pi * hum_hz * t);
        for (const double beep : {previous, current})
            if (is_on(beep, t)) value += beep_level * std::sin(2 * std::numbers::pi * beep_hz * (t - beep));
        const auto sample = static_cast<std::int16_t>(std::lround(value));
        for (int c = 0; c < channels_; ++c) samples[static_cast<std::size_t>(i * channels_ + c)] = sample;
    }
}

}  // namespace onetake
