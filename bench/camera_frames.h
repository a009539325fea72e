#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace onetake::bench {

/// Makes frames as a webcam in a room delivers them: soft shades, some sharp edges, fine texture, a slow pan, and
/// sensor noise that is new in every frame. The same frames in every run.
class CameraFrames {
 public:
    CameraFrames(int width, int height);

    /// The next frame, BGR without padding.
    std::vector<std::uint8_t> next();

 private:
    int width_, height_;
    int room_width_;
    std::vector<std::uint8_t> room_;  ///< the scene, wider and higher than a frame
    std::vector<std::int8_t> noise_;
    std::mt19937 random_{1};
    int frame_ = 0;
};

/// JPEG of a BGR frame, 4:2:0, by libjpeg-turbo.
std::vector<std::uint8_t> jpeg_of(const std::vector<std::uint8_t>& bgr, int width, int height, int quality = 90);

}  // namespace onetake::bench
