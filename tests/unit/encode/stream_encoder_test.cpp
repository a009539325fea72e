#include "encode/stream_encoder.h"

#include "encode/audio_stream_encoder.h"
#include "encode/frame_ticks.h"
#include "encode/image_stream_encoder.h"
#include "encode/passthrough_encoder.h"
#include "unit/codec/shaded_image.h"

#include <cmath>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::shaded_image;

MediaTime at(Duration d) {
    return MediaTime(d);
}

VideoEncoderSettings small_video() {
    VideoEncoderSettings settings;
    settings.width = 96;
    settings.height = 64;
    return settings;
}

StreamParams jpeg_track() {
    StreamParams params;
    params.codec = "mjpeg";
    params.time_scale = 90000;
    params.fps = 25;
    return params;
}

CompressedFrame encoded_frame(Duration time) {
    return {{1, 2, 3}, at(time)};
}

TimedAudio tone(Duration begin, Duration length) {
    TimedAudio run;
    run.after_gap = true;
    run.begin = at(begin);
    run.end = at(begin + length);
    for (std::int64_t i = 0; i < to_ticks(length, 48000); ++i)
        run.samples.push_back(static_cast<std::int16_t>(std::lround(9000 * std::sin(0.05 * static_cast<double>(i)))));
    return run;
}

TEST(FrameTicks, PlacesEachFrameOnItsNearestTick) {
    FrameTicks ticks(90000);
    for (const auto& [time, tick] : {std::pair{Duration(5555), 0}, {Duration(16667), 2}, {Duration(38888), 3}}) {
        const auto placed = ticks.place(at(time)).value();
        EXPECT_EQ(placed.placed, tick);
        ticks.take(placed);
    }
    EXPECT_EQ(ticks.moved(), 0U);
}

TEST(FrameTicks, PutsFramesOfTheSameTickOnConsecutiveTicks) {
    FrameTicks ticks(90000);
    std::int64_t expected = 9000;
    for (const auto offset : {0, 1, 2, 3}) {
        const auto tick = ticks.place(at(milliseconds(100) + microseconds(offset)));
        ASSERT_TRUE(tick);
        EXPECT_EQ(tick->placed, expected++);
        ticks.take(*tick);
    }
    EXPECT_EQ(ticks.moved(), 3U);
    EXPECT_EQ(ticks.place(at(milliseconds(101)))->placed, 9090);
}

TEST(FrameTicks, RefusesATimeBeforeTheLastOne) {
    FrameTicks ticks(1000);
    EXPECT_EQ(ticks.place(at(-Duration(1))).error().code, ErrorCode::refused);
    ticks.take(ticks.place(at(seconds(1))).value());
    const auto refused = ticks.place(at(milliseconds(998)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_NE(refused.error().message.find("0.998"), std::string::npos);
}

TEST(StreamEncoder, AppendsPacketsToTheCallersVector) {
    const auto pool = BufferPool::create(4);
    auto encoder = ImageStreamEncoder::open(small_video(), "C920").value();
    EXPECT_EQ(encoder->codec(), "libx264");
    EXPECT_EQ(encoder->params().codec, "h264");
    EXPECT_EQ(encoder->params().title, "C920");
    std::vector<Packet> packets(1);
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(encoder->encode(TimedImage{shaded_image(96, 64, Chroma::s420, *pool, i), at(milliseconds(40 * i))},
                                    packets));
    ASSERT_TRUE(encoder->finish(packets));
    EXPECT_EQ(packets.size(), 21U);
    EXPECT_EQ(encoder->counters().frames, 20U);
    EXPECT_TRUE(encoder->notes().empty());
}

TEST(StreamEncoder, RefusesInputsOfAnotherTypeAndAfterTheEnd) {
    const auto pool = BufferPool::create(4);
    std::vector<Packet> packets;
    auto video = ImageStreamEncoder::open(small_video()).value();
    auto audio = AudioStreamEncoder::open({}).value();
    PassthroughEncoder copy(jpeg_track());
    const auto image = [&] { return TimedImage{shaded_image(96, 64, Chroma::s420, *pool), at(seconds(0))}; };
    EXPECT_EQ(audio->encode(image(), packets).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(copy.encode(image(), packets).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(copy.encode(tone(seconds(0), seconds(1)), packets).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(video->encode(AudioSamples{}, packets).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(video->encode(encoded_frame(seconds(0)), packets).error().code, ErrorCode::invalid_argument);
    ASSERT_TRUE(video->finish(packets));
    EXPECT_EQ(video->encode(image(), packets).error().code, ErrorCode::wrong_state);
    EXPECT_TRUE(video->finish(packets));
    EXPECT_TRUE(packets.empty());
    EXPECT_EQ(video->counters().frames, 0U);
}

TEST(StreamEncoder, ContinuesAfterAFrameThatItRefused) {
    const auto pool = BufferPool::create(4);
    std::vector<Packet> packets;
    auto encoder = ImageStreamEncoder::open(small_video()).value();
    const auto write = [&](Duration time) {
        return encoder->encode(TimedImage{shaded_image(96, 64, Chroma::s420, *pool), at(time)}, packets);
    };
    ASSERT_TRUE(write(seconds(1)));
    EXPECT_EQ(write(milliseconds(900)).error().code, ErrorCode::refused);
    ASSERT_TRUE(write(seconds(1)));
    ASSERT_TRUE(write(seconds(2)));
    ASSERT_TRUE(encoder->finish(packets));
    ASSERT_EQ(packets.size(), 3U);
    EXPECT_EQ(encoder->counters().frames, 3U);
    EXPECT_EQ(encoder->counters().frames_moved, 1U);
    ASSERT_EQ(encoder->notes().size(), 1U);
    EXPECT_NE(encoder->notes()[0].find("a tick later"), std::string::npos);
}

TEST(PassthroughEncoder, KeepsAFrameUntilItsDurationIsKnown) {
    PassthroughEncoder encoder(jpeg_track());
    std::vector<Packet> packets;
    ASSERT_TRUE(encoder.encode(encoded_frame(milliseconds(20)), packets));
    EXPECT_TRUE(packets.empty());
    ASSERT_TRUE(encoder.encode(encoded_frame(milliseconds(70)), packets));
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].pts, 1800);
    EXPECT_EQ(packets[0].duration, 4500);
    ASSERT_TRUE(encoder.finish(packets));
    ASSERT_EQ(packets.size(), 2U);
    EXPECT_EQ(packets[1].duration, 3600);  // nominal: 25 frames/s
    EXPECT_EQ(encoder.counters().frames, 2U);
}

TEST(PassthroughEncoder, PassesPacketsOnAsTheyAre) {
    PassthroughEncoder encoder(jpeg_track());
    Packet packet;
    packet.pts = 7;
    packet.dts = 5;
    packet.duration = 3;
    packet.bytes = {9};
    std::vector<Packet> packets;
    ASSERT_TRUE(encoder.encode(packet, packets));
    ASSERT_TRUE(encoder.finish(packets));
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].pts, 7);
    EXPECT_EQ(packets[0].dts, 5);
    EXPECT_EQ(packets[0].duration, 3);
}

TEST(AudioStreamEncoder, MakesTheSamePacketsOfSilenceHoweverItIsDivided) {
    const auto encoded = [](bool divided) {
        auto encoder = AudioStreamEncoder::open({}).value();
        std::vector<Packet> packets;
        EXPECT_TRUE(encoder->encode(tone(milliseconds(300), milliseconds(777)), packets));
        if (divided) {
            for (const auto until : {milliseconds(1100), milliseconds(5003), milliseconds(4000), milliseconds(9001)})
                EXPECT_TRUE(encoder->encode(AudioSilence{at(until)}, packets));
            EXPECT_EQ(encoder->position(), at(milliseconds(9001)));
        }
        EXPECT_TRUE(encoder->encode(tone(milliseconds(9500), milliseconds(500)), packets));
        EXPECT_TRUE(encoder->finish(packets));
        EXPECT_EQ(encoder->counters().samples, 480000);
        return packets;
    };
    const auto a = encoded(false), b = encoded(true);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].bytes, b[i].bytes);
        EXPECT_EQ(a[i].pts, b[i].pts);
        EXPECT_EQ(a[i].duration, b[i].duration);
    }
}

}  // namespace
}  // namespace onetake
