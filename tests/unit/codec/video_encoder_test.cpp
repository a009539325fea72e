#include "codec/video_encoder.h"

#include "codec/frame_converter.h"
#include "unit/codec/shaded_image.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <utility>

#if defined(__has_feature)
#define ONETAKE_HAS_ASAN __has_feature(address_sanitizer)
#else
#define ONETAKE_HAS_ASAN 0
#endif

namespace onetake {
namespace {

using testing::shaded_image;

std::vector<std::int64_t> jittered(int count) {
    std::mt19937 random(7);
    std::uniform_int_distribution<int> jitter(-360, 360);  // 4 ms in 1/90000 s
    std::vector<std::int64_t> stamps;
    for (int i = 0; i < count; ++i) stamps.push_back(1000 + i * 90000 * 100 / 2983 + jitter(random));
    return stamps;
}

VideoEncoderSettings small(std::string codec = "libx264") {
    VideoEncoderSettings settings;
    settings.codec = std::move(codec);
    settings.width = 96;
    settings.height = 64;
    return settings;
}

std::vector<Packet> encoded(VideoEncoder& encoder, const std::vector<std::int64_t>& stamps, int width = 96,
                            int height = 64, Chroma chroma = Chroma::s420) {
    const auto pool = BufferPool::create(4);
    std::vector<Packet> packets;
    int n = 0;
    for (const auto stamp : stamps) {
        const auto status = encoder.encode(shaded_image(width, height, chroma, *pool, n++), stamp, packets);
        EXPECT_TRUE(status) << status.error().message;
    }
    EXPECT_TRUE(encoder.finish(packets));
    return packets;
}

TEST(VideoEncoder, KeepsEveryStampToTheTick) {
    for (const auto* preset : {"veryfast", "medium", "ultrafast"}) {
        auto settings = small();
        settings.preset = preset;
        auto encoder = VideoEncoder::open(settings).value();
        const auto stamps = jittered(120);
        const auto packets = encoded(encoder, stamps);
        std::vector<std::int64_t> got;
        for (const auto& packet : packets) got.push_back(packet.pts);
        std::sort(got.begin(), got.end());
        EXPECT_EQ(got, stamps);
        for (std::size_t i = 0; i < packets.size(); ++i) {
            EXPECT_LE(packets[i].dts, packets[i].pts);
            if (i > 0) {
                EXPECT_LT(packets[i - 1].dts, packets[i].dts);
            }
        }
    }
}

TEST(VideoEncoder, SetsEachDurationUpToTheNextStamp) {
    auto settings = small();
    settings.fps = 25;
    auto encoder = VideoEncoder::open(settings).value();
    const auto stamps = jittered(60);
    auto packets = encoded(encoder, stamps);
    std::sort(packets.begin(), packets.end(), [](const Packet& a, const Packet& b) { return a.pts < b.pts; });
    ASSERT_EQ(packets.size(), stamps.size());
    for (std::size_t i = 0; i + 1 < packets.size(); ++i) EXPECT_EQ(packets[i].duration, stamps[i + 1] - stamps[i]);
    EXPECT_EQ(packets.back().duration, 3600);
}

TEST(VideoEncoder, SetsDurationsForAnEncoderWithoutDelay) {
    auto settings = small();
    settings.options = {{"tune", "zerolatency"}};
    auto encoder = VideoEncoder::open(settings).value();
    const auto packets = encoded(encoder, {0, 100, 250, 9000});
    ASSERT_EQ(packets.size(), 4U);
    EXPECT_EQ(packets[0].duration, 100);
    EXPECT_EQ(packets[1].duration, 150);
    EXPECT_EQ(packets[2].duration, 8750);
    EXPECT_EQ(packets[3].duration, 3000);
}

TEST(VideoEncoder, ProducesTheSamePacketsInEveryRun) {
    const auto once = [] {
        auto encoder = VideoEncoder::open(small()).value();
        return encoded(encoder, jittered(40));
    };
    const auto a = once(), b = once();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].bytes, b[i].bytes);
        EXPECT_EQ(a[i].dts, b[i].dts);
    }
}

// As an image that still belongs to somebody else, of every layout and range.
TEST(VideoEncoder, AnImageWithAFramesBytesIsEncodedAsACopyWouldBeAndNotWritten) {
    const auto pool = BufferPool::create(4);
    for (const auto chroma : {Chroma::s420, Chroma::s422, Chroma::s444})
        for (const auto range : {ColorRange::full, ColorRange::limited}) {
            auto settings = small();
            settings.width = 128;
            settings.color.range = ColorRange::limited;
            const auto image = std::make_shared<const PlanarImage>(
                shaded_image(128, 64, chroma, *pool, 0, {range, ColorMatrix::bt601}));
            const auto packets_of = [&](PlanarImage given) {
                auto encoder = VideoEncoder::open(settings).value();
                std::vector<Packet> packets;
                EXPECT_TRUE(encoder.encode(std::move(given), 0, packets));
                EXPECT_TRUE(encoder.finish(packets));
                return packets;
            };
            auto given = take_planar(to_frame(image, *pool), {}, *pool).value();
            ASSERT_EQ(given.plane(0), image->plane(0));
            const auto before = copied(*image, *pool);
            const auto wanted = packets_of(copied(*image, *pool)), made = packets_of(std::move(given));
            ASSERT_EQ(made.size(), 1U);
            EXPECT_EQ(made.front().bytes, wanted.front().bytes);
            for (int i = 0; i < 3; ++i) EXPECT_EQ(testing::plane_difference(*image, before, i), 0);
        }
}

TEST(VideoEncoder, PadsOddSizesWithANote) {
    auto settings = small();
    settings.width = 97;
    settings.height = 63;
    auto encoder = VideoEncoder::open(settings).value();
    EXPECT_EQ(encoder.params().width, 98);
    EXPECT_EQ(encoder.params().height, 64);
    ASSERT_EQ(encoder.notes().size(), 1U);
    EXPECT_NE(encoder.notes()[0].find("97x63"), std::string::npos);
    EXPECT_EQ(encoded(encoder, {0, 3000}, 97, 63, Chroma::s422).size(), 2U);
}

TEST(VideoEncoder, RefusesAnotherSizeAndStampsThatDoNotIncrease) {
    auto encoder = VideoEncoder::open(small()).value();
    const auto pool = BufferPool::create(4);
    std::vector<Packet> packets;
    EXPECT_EQ(encoder.encode(shaded_image(64, 64, Chroma::s420, *pool), 0, packets).error().code,
              ErrorCode::invalid_argument);
    ASSERT_TRUE(encoder.encode(shaded_image(96, 64, Chroma::s420, *pool), 10, packets));
    EXPECT_EQ(encoder.encode(shaded_image(96, 64, Chroma::s420, *pool), 10, packets).error().code,
              ErrorCode::invalid_argument);
    ASSERT_TRUE(encoder.encode(shaded_image(96, 64, Chroma::s420, *pool), 11, packets));
    ASSERT_TRUE(encoder.finish(packets));
    EXPECT_EQ(packets.size(), 2U);
}

TEST(VideoEncoder, FinishesWithoutAnyFrame) {
    auto encoder = VideoEncoder::open(small()).value();
    std::vector<Packet> packets;
    EXPECT_TRUE(encoder.finish(packets));
    EXPECT_TRUE(packets.empty());
}

TEST(VideoEncoder, ReportsWhyAnEncoderIsUnavailable) {
    const auto unknown = VideoEncoder::open(small("libx999"));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::missing_part);
    EXPECT_NE(unknown.error().message.find("libx999"), std::string::npos);
    auto settings = small();
    settings.preset = "warp";
    const auto preset = VideoEncoder::open(settings);
    ASSERT_FALSE(preset);
    EXPECT_EQ(preset.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(preset.error().message.find("warp"), std::string::npos) << preset.error().message;
    settings = small();
    settings.options = {{"no_such_option", "1"}};
    EXPECT_EQ(VideoEncoder::open(settings).error().code, ErrorCode::invalid_argument);
}

TEST(VideoEncoder, FallsBackFromHardwareOnlyWhenItMayChoose) {
    if (VideoEncoder::open(small("h264_nvenc"))) GTEST_SKIP() << "this machine has NVENC";
    auto settings = small("auto");
    auto plain = VideoEncoder::open(settings).value();
    EXPECT_EQ(plain.name(), "libx264");
    EXPECT_TRUE(plain.notes().empty());
    settings.try_hardware = true;
    auto encoder = VideoEncoder::open(settings).value();
    EXPECT_EQ(encoder.name(), "libx264");
    ASSERT_EQ(encoder.notes().size(), 1U);
    EXPECT_NE(encoder.notes()[0].find("h264_nvenc"), std::string::npos);
}

TEST(VideoEncoder, WorksWithOtherEncodersOfLibavcodec) {
    std::vector<const char*> codecs = {"ffv1"};
#if !defined(__SANITIZE_ADDRESS__) && !ONETAKE_HAS_ASAN  // libx265 3.5 leaks a little of its own
    codecs.push_back("libx265");
#endif
    for (const auto* codec : codecs) {
        auto encoder = VideoEncoder::open(small(codec));
        ASSERT_TRUE(encoder) << encoder.error().message;
        const auto stamps = jittered(20);
        EXPECT_EQ(encoded(*encoder, stamps).size(), stamps.size()) << codec;
    }
}

}  // namespace
}  // namespace onetake
