#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace onetake::bench {

constexpr int kPushedRate = 48000, kStoredRate = 16000;

/// What everybody in a room sends: BGR images, one after the other, and mono samples of kPushedRate.
struct Media {
    std::vector<std::shared_ptr<const std::vector<std::uint8_t>>> images;
    std::vector<std::int16_t> voice;
};

struct LibraryRoom {
    int width = 0, height = 0;  ///< of each image, and of the composite
    double fps = 0;
    int people = 2;
    bool composite = false;
    double length_s = 0;
};

/// CPU seconds of the libraries alone for a room's media, with the settings of a FileMediaRecorder: libyuv converts
/// (and scales into a composite), libx264 encodes through libavcodec, libswresample resamples, libavcodec's AAC
/// encodes. Nothing is muxed, stored or queued.
double library_room_cpu(const LibraryRoom& room, const Media& media);

}  // namespace onetake::bench
