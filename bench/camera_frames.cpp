#include "camera_frames.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <turbojpeg.h>

namespace onetake::bench {

namespace {

constexpr int kPanX = 128, kPanY = 64;
constexpr std::size_t kNoise = 1 << 20;

/// Random values on a grid, softly joined: shades at a large step, texture at a small one.
class SoftGrid {
 public:
    SoftGrid(int width, int height, int step, std::mt19937& random) : step_(step), across_(width / step + 2) {
        std::uniform_real_distribution<float> value(-1, 1);
        values_.resize(static_cast<std::size_t>(across_) * static_cast<std::size_t>(height / step + 2));
        for (auto& v : values_) v = value(random);
    }
    float at(int x, int y) const {
        const int left = x / step_, top = y / step_;
        const float right = static_cast<float>(x % step_) / static_cast<float>(step_);
        const float down = static_cast<float>(y % step_) / static_cast<float>(step_);
        const auto value = [&](int column, int row) {
            return values_[static_cast<std::size_t>(row * across_ + column)];
        };
        const float upper = std::lerp(value(left, top), value(left + 1, top), right);
        const float lower = std::lerp(value(left, top + 1), value(left + 1, top + 1), right);
        return std::lerp(upper, lower, down);
    }

 private:
    int step_, across_;
    std::vector<float> values_;
};

std::uint8_t clamped(float v) {
    return static_cast<std::uint8_t>(std::clamp(v, 0.0F, 255.0F));
}

}  // namespace

CameraFrames::CameraFrames(int width, int height) : width_(width), height_(height), room_width_(width + kPanX) {
    const int room_height = height + kPanY;
    const SoftGrid shade(room_width_, room_height, 240, random_), tint(room_width_, room_height, 320, random_),
        folds(room_width_, room_height, 24, random_), weave(room_width_, room_height, 3, random_);
    room_.resize(static_cast<std::size_t>(3 * room_width_ * room_height));
    for (int y = 0; y < room_height; ++y)
        for (int x = 0; x < room_width_; ++x) {
            float light = 125 + 60 * shade.at(x, y) + 12 * folds.at(x, y);
            float colour = 25 * tint.at(x, y);
            // A shelf of books, a window frame, and cloth.
            if (y > room_height / 5 && y < room_height / 2 && x < room_width_ / 2) {
                light += static_cast<float>((x / 31 * 37 + 11) % 90 - 45);
                colour += static_cast<float>((x / 31 * 53) % 70 - 35);
            }
            if (x > room_width_ * 3 / 4 && (x % 97 < 6 || y % 131 < 6)) light = 60;
            if (y > room_height * 2 / 3) light += 9 * weave.at(x, y);
            auto* pixel = room_.data() + 3 * (y * room_width_ + x);
            pixel[0] = clamped(light - colour);
            pixel[1] = clamped(light);
            pixel[2] = clamped(light + colour);
        }
    std::normal_distribution<float> grain(0, 2.2F);
    noise_.resize(kNoise);
    for (auto& n : noise_) n = static_cast<std::int8_t>(std::clamp(grain(random_), -12.0F, 12.0F));
}

std::vector<std::uint8_t> CameraFrames::next() {
    const double turn = 2 * std::numbers::pi * frame_++ / 300;
    const int left = static_cast<int>((1 + std::sin(turn)) * (kPanX - 1) / 2);
    const int top = static_cast<int>((1 + std::cos(1.7 * turn)) * (kPanY - 1) / 2);
    const auto row = static_cast<std::size_t>(3 * width_);
    std::vector<std::uint8_t> bgr(row * static_cast<std::size_t>(height_));
    std::uniform_int_distribution<std::size_t> anywhere(0, kNoise - row - 1);
    for (int y = 0; y < height_; ++y) {
        const auto* from = room_.data() + 3 * ((top + y) * room_width_ + left);
        const auto* grain = noise_.data() + anywhere(random_);
        auto* to = bgr.data() + static_cast<std::size_t>(y) * row;
        for (std::size_t i = 0; i < row; ++i) to[i] = static_cast<std::uint8_t>(std::clamp(from[i] + grain[i], 0, 255));
    }
    return bgr;
}

std::vector<std::uint8_t> jpeg_of(const std::vector<std::uint8_t>& bgr, int width, int height, int quality) {
    std::vector<std::uint8_t> jpeg(tjBufSize(width, height, TJSAMP_420));
    unsigned long size = jpeg.size();
    auto* bytes = jpeg.data();
    const tjhandle handle = tjInitCompress();
    const int failed = tjCompress2(handle, bgr.data(), width, 0, height, TJPF_BGR, &bytes, &size, TJSAMP_420, quality,
                                   TJFLAG_NOREALLOC);
    tjDestroy(handle);
    jpeg.resize(failed ? 0 : size);
    return jpeg;
}

}  // namespace onetake::bench
