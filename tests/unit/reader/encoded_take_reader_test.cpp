#include "codec/video_encoder.h"
#include "media/decoder_config.h"
#include "support/temp_dir.h"
#include "take/take_writer.h"

#include <onetake/take_reader.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr int kWidth = 64, kHeight = 48, kFrames = 12, kKeyEvery = 5;

int level_of(int i) {
    return 20 + 15 * i;
}

/// A take whose frame i is plain, in two parts of H.264 with a keyframe every five frames.
void write_take(const std::string& data_dir) {
    TakeWriterOptions options;
    options.data_dir = data_dir;
    options.name = std::string("t");
    options.encoded_tracks = true;
    auto writer = TakeWriter::create(options, read_clocks()).value();
    const auto track = writer.add_video_track({}, TrackStore::encoded).value();
    const auto pool = BufferPool::create(2);
    for (int p = 0; p < 2; ++p) {
        VideoEncoderSettings settings;
        settings.codec = "libx264";
        settings.width = kWidth;
        settings.height = kHeight;
        settings.keyframe_interval = kKeyEvery;
        settings.options = {{"bf", "0"}, {"sc_threshold", "0"}};
        auto encoder = VideoEncoder::open(settings).value();
        std::vector<Packet> packets;
        for (int i = 0; i < kFrames; ++i) {
            auto image = make_planar(kWidth, kHeight, Chroma::s420, {}, *pool);
            for (int plane = 0; plane < 3; ++plane)
                std::memset(
                    image.writable_plane(plane), plane == 0 ? level_of(i) : 128,
                    static_cast<std::size_t>(image.stride[static_cast<std::size_t>(plane)] * image.rows(plane)));
            ASSERT_TRUE(encoder.encode(std::move(image), i * 3000, packets));
        }
        ASSERT_TRUE(encoder.finish(packets));
        PartRecord part;
        part.track = track;
        part.begin = HostTime(milliseconds(1000 * (p + 1)));
        part.params = encoder.params();
        part.params.extradata = decoder_config("h264", encoder.params().extradata).value();
        ASSERT_TRUE(writer.begin_part(part));
        for (std::size_t i = 0; i < packets.size(); ++i) {
            const auto t = part.begin + milliseconds(33) * static_cast<int>(i);
            ASSERT_TRUE(writer.write_packet(track, with_lengths(packets[i].bytes), packets[i].key,
                                            {t, t, StampSource::test, {}}));
        }
    }
    ASSERT_TRUE(writer.finish({}, {}));
}

TEST(EncodedTakeReader, DecodesEveryFrame) {
    const TempDir dir;
    write_take(dir.path());
    const auto reader = TakeReader::open(dir.file("t")).value();
    ASSERT_EQ(reader.frame_times(0).size(), 2u * kFrames);
    for (int i = 2 * kFrames - 1; i >= 0; --i) {
        const auto image = reader.image(0, static_cast<std::size_t>(i), ImageFormat::gray);
        ASSERT_TRUE(image) << image.error().message;
        EXPECT_EQ(image->width, kWidth);
        ASSERT_EQ(image->pixels.size(), static_cast<std::size_t>(kWidth * kHeight));
        EXPECT_NEAR(image->pixels[kWidth * kHeight / 2], level_of(i % kFrames), 3) << i;
    }
    const auto bgr = reader.image(0, 3).value();
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(bgr.pixels[c], level_of(3), 3);
    const auto jpeg = reader.jpeg(0, 0);
    ASSERT_FALSE(jpeg);
    EXPECT_EQ(jpeg.error().code, ErrorCode::unsupported);
    EXPECT_EQ(reader.image(0, 2 * kFrames).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(reader.image(1, 0).error().code, ErrorCode::invalid_argument);
}

TEST(EncodedTakeReader, RefusesFramesThatDependOnADamagedOne) {
    const TempDir dir;
    write_take(dir.path());
    const auto part = dir.file("t/video/p_0001.mkv");
    std::filesystem::resize_file(part, std::filesystem::file_size(part) - 1);  // the last frame's, number 12
    const auto reader = TakeReader::open(dir.file("t")).value();
    EXPECT_TRUE(reader.image(0, kFrames - 2));
    const auto cut = reader.image(0, kFrames - 1);
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, ErrorCode::corrupt);
    EXPECT_THAT(cut.error().message, HasSubstr("p_0001.mkv"));
    EXPECT_TRUE(reader.image(0, kFrames));
}

}  // namespace
}  // namespace onetake
