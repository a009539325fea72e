#include "sink/jpeg_pool.h"

#include "codec/jpeg_decoder.h"
#include "media/jpeg_info.h"
#include "support/plain_frames.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <vector>

namespace onetake {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kWidth = 64, kHeight = 48;

Frame bgr_frame_of(std::uint8_t level, HostTime time = {}) {
    Frame frame;
    frame.width = kWidth;
    frame.height = kHeight;
    frame.stride = 3 * kWidth;
    frame.stamp.time = time;
    frame.bytes = Buffer(plain_bgr(kWidth, kHeight, level));
    return frame;
}

Frame jpeg_frame_of(std::string jpeg) {
    Frame frame;
    frame.format = PixelFormat::jpeg;
    frame.width = kWidth;
    frame.height = kHeight;
    frame.bytes = Buffer(std::vector<std::uint8_t>(jpeg.begin(), jpeg.end()));
    return frame;
}

/// The pool's output, in the order in which it came.
class JpegPoolTest : public ::testing::Test {
 protected:
    JpegPool& start(int workers, JpegSettings settings = {}) {
        pool_ = std::make_unique<JpegPool>(settings, workers, [this](EncodedFrame frame) {
            std::unique_lock lock(mutex_);
            done_.push_back(std::move(frame));
            came_.notify_all();
            open_.wait(lock, [this] { return !held_; });
        });
        EXPECT_TRUE(pool_->start());
        return *pool_;
    }
    std::vector<EncodedFrame> finish() {
        pool_->finish();
        std::lock_guard lock(mutex_);
        return std::move(done_);
    }
    void hold_workers() {
        std::lock_guard lock(mutex_);
        held_ = true;
    }
    void release_workers() {
        {
            std::lock_guard lock(mutex_);
            held_ = false;
        }
        open_.notify_all();
    }
    void wait_for(std::size_t frames) {
        std::unique_lock lock(mutex_);
        came_.wait(lock, [&] { return done_.size() >= frames; });
    }

    std::mutex mutex_;
    std::condition_variable came_, open_;
    std::vector<EncodedFrame> done_;
    bool held_ = false;
    std::unique_ptr<JpegPool> pool_;
};

std::uint8_t level_of(const EncodedFrame& frame) {
    auto decoder = JpegDecoder::create().value();
    const auto image = decoder.decode(frame.bytes.span(), *BufferPool::create(1)).value();
    return image.plane(0)[0];
}

TEST_F(JpegPoolTest, MakesOneJpegOfEachFrameWithItsNumberTrackAndStamp) {
    auto& pool = start(3);
    constexpr int kFrames = 40;
    for (int i = 0; i < kFrames; ++i)
        pool.submit({i % 2, static_cast<std::uint64_t>(i),
                     bgr_frame_of(static_cast<std::uint8_t>(5 * i), host_time_from_ns(1000 + i))});
    const auto done = finish();
    ASSERT_EQ(done.size(), static_cast<std::size_t>(kFrames));
    std::set<std::uint64_t> numbers;
    for (const auto& frame : done) {
        ASSERT_THAT(frame.failure, IsEmpty());
        numbers.insert(frame.number);
        EXPECT_EQ(frame.track, static_cast<int>(frame.number % 2));
        EXPECT_EQ(to_ns(frame.stamp.time), 1000 + static_cast<std::int64_t>(frame.number));
        EXPECT_NEAR(level_of(frame), 5.0 * static_cast<double>(frame.number), 2);
    }
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(kFrames));
    EXPECT_GT(pool.encode_ms_mean(), 0);
}

TEST_F(JpegPoolTest, EncodesOnAsManyThreadsAsItHasWorkers) {
    hold_workers();
    auto& pool = start(3);
    for (std::uint64_t n = 0; n < 6; ++n) pool.submit({0, n, bgr_frame_of(100)});
    wait_for(3);  // each worker holds one: none of them waited for another
    release_workers();
    EXPECT_EQ(finish().size(), 6u);
}

TEST_F(JpegPoolTest, EncodesWhatIsWaitingBeforeItFinishes) {
    hold_workers();
    auto& pool = start(1);
    for (std::uint64_t n = 0; n < 20; ++n) pool.submit({0, n, bgr_frame_of(100)});
    wait_for(1);
    release_workers();
    const auto done = finish();
    ASSERT_EQ(done.size(), 20u);
    for (std::uint64_t n = 0; n < 20; ++n) EXPECT_EQ(done[n].number, n) << "one worker keeps the order";
    pool.finish();  // a second time: nothing
}

TEST_F(JpegPoolTest, EncodesJpegsAnewInTheSettingsItWasGiven) {
    JpegSettings settings;
    settings.subsample = Subsample::gray;
    auto& pool = start(1, settings);
    pool.submit({0, 0, jpeg_frame_of(plain_jpeg(kWidth, kHeight, 120))});
    const auto done = finish();
    ASSERT_EQ(done.size(), 1u);
    const auto info = inspect_jpeg(done[0].bytes.span());
    ASSERT_TRUE(info);
    EXPECT_EQ(info->chroma, Chroma::gray);
    EXPECT_NEAR(level_of(done[0]), 120, 2);
    EXPECT_GT(pool.decode_ms_mean(), 0);
}

TEST_F(JpegPoolTest, ReportsAFrameThatCantBeEncodedAndEncodesTheNext) {
    auto& pool = start(1);
    auto jpeg = plain_jpeg(kWidth, kHeight, 120);
    jpeg.resize(jpeg.size() / 4);
    pool.submit({0, 0, jpeg_frame_of(jpeg)});
    pool.submit({0, 1, bgr_frame_of(100)});
    const auto done = finish();
    ASSERT_EQ(done.size(), 2u);
    EXPECT_THAT(done[0].failure, Not(IsEmpty()));
    EXPECT_TRUE(done[0].bytes.empty());
    EXPECT_THAT(done[1].failure, IsEmpty());
}

TEST_F(JpegPoolTest, HasNoMeanTimeWithoutAFrame) {
    auto& pool = start(2);
    EXPECT_THAT(finish(), IsEmpty());
    EXPECT_TRUE(std::isnan(pool.encode_ms_mean()));
    EXPECT_TRUE(std::isnan(pool.decode_ms_mean()));
}

}  // namespace
}  // namespace onetake
