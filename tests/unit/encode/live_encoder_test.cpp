#include "encode/live_encoder.h"

#include "codec/encoder_threads.h"
#include "encode/image_stream_encoder.h"
#include "encode/passthrough_encoder.h"
#include "unit/codec/shaded_image.h"

#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>
#include <optional>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using testing::shaded_image;

MediaTime at(Duration d) {
    return MediaTime(d);
}

CompressedFrame frame_at(int ms) {
    return {{1, 2, 3}, at(milliseconds(ms))};
}

/// Blocks in wait() until it is opened.
class Latch {
 public:
    void open() {
        std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        ++arrived_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_; });
    }
    void wait_for_arrival() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return arrived_ > 0; });
    }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int arrived_ = 0;
};

/// Makes a packet of every frame, once its latch is open; can fail at one frame or at the end.
class FakeEncoder final : public StreamEncoder {
 public:
    explicit FakeEncoder(Latch* latch, std::optional<int> fails_at = std::nullopt, bool fails_at_end = false)
        : StreamEncoder({}, "fake"), latch_(latch), fails_at_(fails_at), fails_at_end_(fails_at_end) {}

 private:
    Status take(EncoderInput input, std::vector<Packet>& out) override {
        if (latch_ != nullptr) latch_->wait();
        const auto ms =
            std::chrono::duration_cast<milliseconds>(std::get<CompressedFrame>(input).time.time_since_epoch());
        if (ms.count() < 0) return fail(ErrorCode::refused, "The frame is too early.");
        if (taken_++ == fails_at_) return fail(ErrorCode::internal, "The fake encoder failed.");
        Packet packet;
        packet.pts = ms.count();
        out.push_back(packet);
        return {};
    }
    Status take_end(std::vector<Packet>& out) override {
        if (fails_at_end_) return fail(ErrorCode::internal, "The fake encoder failed at the end.");
        Packet packet;
        packet.pts = 1000;
        out.push_back(packet);
        return {};
    }

    Latch* latch_;
    std::optional<int> fails_at_;
    bool fails_at_end_;
    int taken_ = 0;
};

/// The output of one encoder; read after finish().
struct Output {
    std::vector<std::int64_t> stamps;
    std::vector<std::string> errors;

    LiveEncoderOptions options(std::size_t queue_size, OnFull on_full = OnFull::drop) {
        LiveEncoderOptions made;
        made.queue_size = queue_size;
        made.on_full = on_full;
        made.on_packets = [this](std::vector<Packet>& packets) -> Status {
            for (const auto& packet : packets) stamps.push_back(packet.pts);
            return {};
        };
        made.on_error = [this](const Error& error) { errors.push_back(error.message); };
        return made;
    }
};

void expect_all_accounted_for(const LiveEncoderCounters& c) {
    EXPECT_EQ(c.pushed, c.encoded + c.dropped + c.refused + c.lost);
}

TEST(LiveEncoder, DeliversPacketsInOrderAndTheLastOnesAtTheEnd) {
    Output output;
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(nullptr), output.options(100));
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(live->push(frame_at(i)));
    ASSERT_TRUE(live->finish());
    ASSERT_EQ(output.stamps.size(), 51U);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(output.stamps[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(output.stamps.back(), 1000);
    const auto counters = live->counters();
    EXPECT_EQ(counters.encoded, 50U);
    EXPECT_EQ(counters.packets, 51U);
    expect_all_accounted_for(counters);
    EXPECT_TRUE(output.errors.empty());
}

TEST(LiveEncoder, DropsAndCountsFramesWhenTheQueueIsFull) {
    Latch latch;
    Output output;
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(&latch), output.options(3));
    EXPECT_TRUE(live->push(frame_at(0)));
    latch.wait_for_arrival();  // one is being encoded, the queue is empty
    for (int i = 1; i <= 3; ++i) EXPECT_TRUE(live->push(frame_at(i)));
    for (int i = 4; i <= 8; ++i) EXPECT_FALSE(live->push(frame_at(i)));
    EXPECT_EQ(live->counters().dropped, 5U);
    latch.open();
    ASSERT_TRUE(live->finish());
    EXPECT_EQ(output.stamps, (std::vector<std::int64_t>{0, 1, 2, 3, 1000}));
    EXPECT_EQ(live->counters().encoded, 4U);
    EXPECT_EQ(live->counters().lost, 0U);
    expect_all_accounted_for(live->counters());
}

TEST(LiveEncoder, BlocksPushForASlowEncoder) {
    Latch latch;
    Output output;
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(&latch), output.options(1, OnFull::block));
    std::thread pushing([&] {
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(live->push(frame_at(i)));
    });
    latch.wait_for_arrival();
    latch.open();
    pushing.join();
    ASSERT_TRUE(live->finish());
    EXPECT_EQ(output.stamps.size(), 21U);
    EXPECT_EQ(live->counters().dropped, 0U);
    expect_all_accounted_for(live->counters());
}

TEST(LiveEncoder, ReportsAnErrorOnceAndEndsItsTrackOnly) {
    Latch latch, reported;
    Output output, healthy_output;
    auto options = output.options(100);
    options.on_error = [&, record = options.on_error](const Error& error) {
        record(error);
        reported.open();
    };
    auto healthy = LiveEncoder::start(std::make_unique<FakeEncoder>(nullptr), healthy_output.options(100));
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(&latch, 2), options);
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(live->push(frame_at(i)));
    latch.open();
    reported.wait();
    EXPECT_FALSE(live->push(frame_at(6)));
    EXPECT_TRUE(healthy->push(frame_at(0)));
    const auto status = live->finish();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::internal);
    EXPECT_EQ(output.errors, std::vector<std::string>{"The fake encoder failed."});
    EXPECT_EQ(output.stamps, (std::vector<std::int64_t>{0, 1}));
    const auto counters = live->counters();
    EXPECT_EQ(counters.encoded, 2U);
    EXPECT_EQ(counters.dropped, 0U);
    EXPECT_EQ(counters.lost, 5U);  // the one that failed, three queued, one pushed later
    expect_all_accounted_for(counters);
    ASSERT_TRUE(healthy->finish());
    EXPECT_EQ(healthy_output.stamps.size(), 2U);
}

TEST(LiveEncoder, FailsWhereTheEncoderFailsAtItsEnd) {
    Output output;
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(nullptr, std::nullopt, true), output.options(10));
    EXPECT_TRUE(live->push(frame_at(0)));
    EXPECT_FALSE(live->finish());
    EXPECT_EQ(output.errors.size(), 1U);
    EXPECT_EQ(live->counters().encoded, 1U);
    expect_all_accounted_for(live->counters());
}

TEST(LiveEncoder, EndsTheTrackIfItsPacketsAreNotAccepted) {
    Output output;
    auto options = output.options(10);
    options.on_packets = [](std::vector<Packet>&) -> Status { return fail(ErrorCode::no_space, "The disk is full."); };
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(nullptr), options);
    live->push(frame_at(0));
    EXPECT_EQ(live->finish().error().code, ErrorCode::no_space);
    EXPECT_EQ(output.errors, std::vector<std::string>{"The disk is full."});
    EXPECT_EQ(live->counters().packets, 0U);
    expect_all_accounted_for(live->counters());
}

TEST(LiveEncoder, ContinuesAfterAFrameThatItsEncoderRefuses) {
    Output output;
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(nullptr), output.options(10));
    for (const int ms : {5, -1, 6}) EXPECT_TRUE(live->push(frame_at(ms)));
    ASSERT_TRUE(live->finish());
    EXPECT_EQ(output.stamps, (std::vector<std::int64_t>{5, 6, 1000}));
    EXPECT_EQ(live->counters().refused, 1U);
    EXPECT_TRUE(output.errors.empty());
    expect_all_accounted_for(live->counters());
}

TEST(LiveEncoder, DropsQueuedInputsAndUnblocksPushWhenCancelled) {
    Latch latch;
    Output output;
    auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(&latch), output.options(1, OnFull::block));
    EXPECT_TRUE(live->push(frame_at(0)));
    latch.wait_for_arrival();
    EXPECT_TRUE(live->push(frame_at(1)));
    std::thread blocked([&] { EXPECT_FALSE(live->push(frame_at(2))); });
    live->cancel();
    blocked.join();
    latch.open();
    EXPECT_EQ(live->finish().error().code, ErrorCode::cancelled);
    EXPECT_EQ(output.stamps, std::vector<std::int64_t>{0});
    EXPECT_EQ(live->counters().encoded, 1U);
    EXPECT_EQ(live->counters().lost, 2U);
    EXPECT_TRUE(output.errors.empty());
    expect_all_accounted_for(live->counters());
}

TEST(LiveEncoder, EndsItsThreadWhenItIsDestroyedUnfinished) {
    Output output;
    {
        auto live = LiveEncoder::start(std::make_unique<FakeEncoder>(nullptr), output.options(10));
        live->push(frame_at(0));
    }
    EXPECT_TRUE(output.errors.empty());
}

TEST(LiveEncoder, EncodesVideoWithItsShareOfTheThreads) {
    EncoderThreadBudget budget(4);
    const auto pool = BufferPool::create(4);
    VideoEncoderSettings settings;
    settings.width = 96;
    settings.height = 64;
    auto encoder = ImageStreamEncoder::open_live(settings, budget).value();
    EXPECT_EQ(encoder->threads(), 2);
    EXPECT_EQ(budget.in_use(), 2);
    Output output;
    auto live = LiveEncoder::start(std::move(encoder), output.options(100));
    for (int i = 0; i < 30; ++i)
        EXPECT_TRUE(live->push(TimedImage{shaded_image(96, 64, Chroma::s420, *pool, i), at(milliseconds(33 * i))}));
    ASSERT_TRUE(live->finish());
    EXPECT_EQ(output.stamps.size(), 30U);
    EXPECT_EQ(live->encoder().counters().frames, 30U);
    live.reset();
    EXPECT_EQ(budget.in_use(), 0);
}

}  // namespace
}  // namespace onetake
