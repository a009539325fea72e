#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace onetake {

/// The timing shared by the test camera and the test microphone: frames at even intervals, and a flash with a beep at
/// the first frame of every second. Copyable; both sources get the same one.
struct TestScene {
    HostTime start;
    double fps = 30;

    /// Capture instant of frame `number`, counted from `start`.
    HostTime frame_time(std::int64_t number) const;
    /// The first frame at or after `t`; never negative.
    std::int64_t first_frame_from(HostTime t) const;
    /// The begin of the flash and the beep of a second: its first frame. Empty for seconds without a frame.
    std::optional<HostTime> flash_start(std::int64_t second) const;
    /// Whether a frame is bright: the first 100 ms of a flash, at least one frame.
    bool lit(std::int64_t number) const;
};

/// Draws the test pattern: coloured bars, a moving bar, and the frame number in digits and, for programs, as a row of
/// black and white squares along the bottom. Draws into any BGR frame; one thread at a time.
class TestPattern {
 public:
    /// At least 64 x 48 pixels.
    TestPattern(int width, int height);

    /// `bgr`: `height` rows of `stride` bytes.
    void draw(std::int64_t frame_number, bool flash, std::uint8_t* bgr, int stride) const;

 private:
    void box(std::uint8_t* bgr, int stride, int x, int y, int w, int h, std::uint8_t level) const;
    void digit(std::uint8_t* bgr, int stride, int x, int y, int value) const;

    const int width_, height_;
    std::vector<std::uint8_t> background_;
};

/// Reads the frame number from the squares of a test pattern of any size, given its luma plane; empty if there are
/// none. 24 bits: numbers repeat after 16,777,216 frames.
std::optional<std::int64_t> read_test_frame_number(const std::uint8_t* luma, int width, int height, int stride);

/// Generates the test tone: a beep of 1 kHz and 50 ms that begins at phase 0 exactly with the scene's flash, over a
/// quiet hum. Every sample is a function of its index.
class TestTone {
 public:
    /// The simulated sound card runs `ppm` faster than its label rate. Sample 0 is at the scene's start.
    TestTone(TestScene scene, int label_rate, int channels, double ppm = 0);

    HostTime time_of(std::int64_t sample) const;
    /// The first sample at or after `t`; never negative.
    std::int64_t first_sample_from(HostTime t) const;
    /// Fills `samples` from sample `first` on, interleaved, all channels alike.
    void fill(std::int64_t first, std::span<std::int16_t> samples) const;

 private:
    TestScene scene_;
    double rate_;  ///< true rate, Hz
    int channels_;
};

}  // namespace onetake
