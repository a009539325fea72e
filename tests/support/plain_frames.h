#pragma once

#include "codec/jpeg_encoder.h"
#include "media/frame.h"

#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

/// A BGR frame of one brightness.
inline std::vector<std::uint8_t> plain_bgr(int width, int height, std::uint8_t level) {
    return std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), level);
}

/// A JPEG of one brightness.
inline std::string plain_jpeg(int width, int height, std::uint8_t level) {
    auto encoder = JpegEncoder::create({}).value();
    Frame frame;
    frame.width = width;
    frame.height = height;
    frame.stride = 3 * width;
    frame.bytes = Buffer(plain_bgr(width, height, level));
    const auto jpeg = encoder.encode(frame, *BufferPool::create(1)).value();
    return {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()};
}

}  // namespace onetake
