#pragma once

#include "support/plain_frames.h"
#include "support/temp_dir.h"
#include "take/take_writer.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// A take whose every frame and block is known: frame n (from 1) is of brightness 10 n at 100 ms · (n - 1); block b
/// (from 0) holds 800 samples of value 100 (b + 1), at 8000 Hz.
class SmallMediaTake {
 public:
    static constexpr int kWidth = 64, kHeight = 48, kRate = 8000, kBlock = 800;
    static constexpr Duration kInterval = std::chrono::milliseconds(100);

    static HostTime begin() { return host_time_from_ns(5'000'000'000'000); }

    explicit SmallMediaTake(const std::string& data_dir, bool audio = true)
        : writer_(TakeWriter::create({data_dir, "t", "test", "{}", false}, read_clocks()).value()) {
        VideoDescription v;
        v.name = "Camera";
        v.width = kWidth;
        v.height = kHeight;
        v.fps = 10;
        video_ = writer_.add_video_track(v).value();
        if (!audio) return;
        AudioDescription a;
        a.name = "Microphone";
        a.sample_rate = kRate;
        a.channels = 1;
        a.blocksize = kBlock;
        audio_ = writer_.add_audio_track(a).value();
    }
    void add_frame() { add_frame(begin() + frames_ * kInterval); }
    void add_frame(HostTime time, int width = kWidth, int height = kHeight) {
        const auto jpeg = plain_jpeg(width, height, static_cast<std::uint8_t>(10 * ++frames_));
        ASSERT_TRUE(writer_.write_frame(video_, {reinterpret_cast<const std::uint8_t*>(jpeg.data()), jpeg.size()},
                                        {time, time, StampSource::driver_soe, {}}));
    }
    void add_block() { add_block(begin() + blocks_ * kInterval, false); }
    void add_block(HostTime time, bool xrun) {
        AudioBlock block;
        block.channels = 1;
        block.samples.assign(kBlock, static_cast<std::int16_t>(100 * ++blocks_));
        block.time = block.arrival = time;
        block.source = StampSource::device;
        block.xrun = xrun;
        ASSERT_TRUE(writer_.write_block(audio_, block));
    }
    /// So many frames and blocks, one after the other.
    void add(int count) {
        for (int i = 0; i < count; ++i) {
            if (audio_.number != 0) add_block();
            add_frame();
        }
    }
    void close() { ASSERT_TRUE(writer_.finish({begin() + frames_ * kInterval, "stopped", 0, 0, 0}, {})); }

    const std::string& folder() const { return writer_.folder(); }
    std::string frame_path(int n) const { return folder() + "/frames/f_00000" + std::to_string(n) + ".jpg"; }

 private:
    TakeWriter writer_;
    TrackId video_, audio_{TrackKind::audio, 0};
    int frames_ = 0, blocks_ = 0;
};

}  // namespace onetake
