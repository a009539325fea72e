#include "codec/audio_encoder.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

std::vector<Packet> encoded(AudioEncoder& encoder, std::size_t values, std::size_t piece) {
    std::vector<Packet> packets;
    const std::vector<float> samples(values, 0.25F);
    for (std::size_t at = 0; at < values; at += piece)
        EXPECT_TRUE(encoder.encode(std::span(samples).subspan(at, std::min(piece, values - at)), packets));
    EXPECT_TRUE(encoder.finish(packets));
    return packets;
}

TEST(AudioEncoder, ReportsPrimingAndEndToTheSample) {
    for (const std::size_t samples : {1U, 1023U, 1024U, 1025U, 5000U, 48000U})
        for (const std::size_t piece : {160U, 1024U, 5000U}) {
            auto encoder = AudioEncoder::open({"aac", 48000, 1, 128000}).value();
            const auto packets = encoded(encoder, samples, piece);
            ASSERT_FALSE(packets.empty());
            std::int64_t at = -encoder.params().initial_padding;
            EXPECT_EQ(at, -1024);
            for (const auto& packet : packets) {
                EXPECT_EQ(packet.pts, at);
                at += packet.duration;
            }
            EXPECT_EQ(at, static_cast<std::int64_t>(samples));
        }
}

TEST(AudioEncoder, KeepsPcmBitForBit) {
    auto encoder = AudioEncoder::open({"pcm_s16le", 44100, 2, 0}).value();
    std::vector<Packet> packets;
    const std::vector<float> samples = {0.0F, 0.5F, -0.5F, 1.5F, -1.0F, 1.0F / 32768};
    ASSERT_TRUE(encoder.encode(samples, packets));
    ASSERT_TRUE(encoder.finish(packets));
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].duration, 3);
    EXPECT_EQ(packets[0].bytes,
              (std::vector<std::uint8_t>{0, 0, 0x00, 0x40, 0x00, 0xC0, 0xFF, 0x7F, 0x00, 0x80, 1, 0}));
}

TEST(AudioEncoder, EmitsNoPacketsWithoutInput) {
    auto encoder = AudioEncoder::open({"aac", 48000, 1, 128000}).value();
    EXPECT_TRUE(encoded(encoder, 0, 1).empty());
}

TEST(AudioEncoder, TakesManyChannels) {
    auto encoder = AudioEncoder::open({"aac", 48000, 6, 384000}).value();
    EXPECT_EQ(encoded(encoder, 6 * 2048, 6 * 2048).size(), 3U);
}

TEST(AudioEncoder, ReportsUnsupportedSettings) {
    EXPECT_EQ(AudioEncoder::open({"mp9", 48000, 1, 128000}).error().code, ErrorCode::missing_part);
    const auto rate = AudioEncoder::open({"aac", 47999, 1, 128000});
    ASSERT_FALSE(rate);
    EXPECT_EQ(rate.error().code, ErrorCode::unsupported);
    EXPECT_NE(rate.error().message.find("47999"), std::string::npos);
    EXPECT_EQ(AudioEncoder::usable_rate("aac", 47999), 48000);
    EXPECT_EQ(AudioEncoder::usable_rate("aac", 16000), 16000);
    EXPECT_EQ(AudioEncoder::usable_rate("aac", 192000), 96000);
    EXPECT_EQ(AudioEncoder::usable_rate("pcm_s16le", 47999), 47999);
    EXPECT_EQ(AudioEncoder::usable_rate("mp9", 48000), 0);
}

}  // namespace
}  // namespace onetake
