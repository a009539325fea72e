#include "support/plain_frames.h"
#include "unit/render/small_media_take.h"

#include <onetake/take_reader.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kBegin = SmallMediaTake::begin;
constexpr std::int64_t kMillisecond = 1'000'000;

class TakeReaderTest : public ::testing::Test {
 protected:
    TakeReader open() const {
        auto reader = TakeReader::open(dir_.file("takes/t"));
        EXPECT_TRUE(reader) << reader.error().message;
        return std::move(*reader);
    }
    TempDir dir_;
    const std::string takes_ = dir_.file("takes");
    const std::int64_t begin_ = to_ns(kBegin());
};

TEST_F(TakeReaderTest, HasEveryFrameAtItsTime) {
    SmallMediaTake take(takes_);
    take.add(5);
    take.add_frame(kBegin() + milliseconds(733));
    take.close();
    const auto reader = open();
    EXPECT_EQ(reader.name(), "t");
    EXPECT_TRUE(reader.complete());
    EXPECT_FALSE(reader.recording());
    EXPECT_EQ(reader.start_ns(), begin_);
    ASSERT_THAT(reader.video(), SizeIs(1));
    EXPECT_EQ(reader.video()[0].name, "Camera");
    const auto times = reader.frame_times(0);
    ASSERT_THAT(times, SizeIs(6));
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(times[i], begin_ + (i < 5 ? static_cast<std::int64_t>(i) * 100 : 733) * kMillisecond);
        const auto jpeg = plain_jpeg(64, 48, static_cast<std::uint8_t>(10 * (i + 1)));
        EXPECT_EQ(reader.jpeg(0, i).value(), std::vector<std::uint8_t>(jpeg.begin(), jpeg.end()));
        const auto image = reader.image(0, i, ImageFormat::gray).value();
        EXPECT_THAT(image.pixels, SizeIs(64 * 48));
        EXPECT_THAT(image.pixels, Each(10 * (i + 1)));
    }
    EXPECT_EQ(reader.frame_at(0, begin_ - 1), std::nullopt);
    EXPECT_EQ(reader.frame_at(0, begin_), 0u);
    EXPECT_EQ(reader.frame_at(0, begin_ + 250 * kMillisecond), 2u);
    EXPECT_EQ(reader.frame_at(0, begin_ + 10'000 * kMillisecond), 5u);
}

TEST_F(TakeReaderTest, HasEverySampleAtItsTimeAndSilenceInGaps) {
    SmallMediaTake take(takes_);
    for (int b = 0; b < 20; ++b) take.add_block(kBegin() + b * milliseconds(100), false);
    // 700 ms are lost.
    for (int b = 27; b < 40; ++b) take.add_block(kBegin() + b * milliseconds(100), b == 27);
    take.close();
    const auto reader = open();
    ASSERT_THAT(reader.audio(), SizeIs(1));
    EXPECT_EQ(reader.audio()[0].sample_rate, 8000);
    EXPECT_EQ(reader.sample_count(0), 33 * 800);
    std::int64_t next = 0;
    int gaps = 0;
    for (const auto& span : reader.sample_spans(0)) {
        EXPECT_EQ(span.first_sample, next);
        next += span.samples;
        gaps += span.after_gap ? 1 : 0;
    }
    EXPECT_EQ(next, 33 * 800);
    EXPECT_EQ(gaps, 1);
    for (const int sample : {0, 1, 799, 8000, 15999, 16000, 26399}) {
        const auto expected = begin_ + sample * 125'000LL + (sample < 16000 ? 0 : 700 * kMillisecond);
        EXPECT_NEAR(static_cast<double>(reader.sample_time(0, sample).value()), static_cast<double>(expected), 1000)
            << sample;
    }
    EXPECT_EQ(reader.samples(0, 799, 2).value(), (std::vector<std::int16_t>{100, 200}));
    EXPECT_THAT(reader.samples(0, 33 * 800 - 1, 100).value(), SizeIs(1));

    // Block b has the value 100 (b + 1): its middle is free of its neighbours' influence.
    const auto at_block = [&](int ms) {
        return reader.audio_between(0, begin_ + (ms - 10) * kMillisecond, begin_ + (ms + 10) * kMillisecond).value();
    };
    for (const int b : {0, 7, 19}) {
        const auto audio = at_block(100 * b + 50);
        ASSERT_THAT(audio, SizeIs(160));
        for (const auto v : audio) EXPECT_NEAR(v, 100 * (b + 1), 2) << b;
    }
    EXPECT_THAT(at_block(2350), Each(0)) << "lost";
    EXPECT_THAT(at_block(-500), Each(0)) << "before the take";
    EXPECT_THAT(at_block(60'000), Each(0)) << "after it";
    for (const auto v : at_block(2750)) EXPECT_NEAR(v, 2100, 2) << "the first after the gap";
    // The whole, with the gap, as long as its time.
    const auto all = reader.audio_between(0, begin_, begin_ + 4000 * kMillisecond).value();
    ASSERT_THAT(all, SizeIs(32000));
    for (std::size_t i = 16100; i < 21500; ++i) ASSERT_EQ(all[i], 0) << i;
    // Wherever a request begins, the samples are the same.
    const auto part = reader.audio_between(0, begin_ + 1234 * kMillisecond, begin_ + 1300 * kMillisecond).value();
    for (std::size_t i = 0; i < part.size(); ++i) EXPECT_NEAR(part[i], all[1234 * 8 + i], 1) << i;
}

TEST_F(TakeReaderTest, FollowsASoundCardThatRunsFast) {
    SmallMediaTake take(takes_);
    // 500 ppm: 100 ms of samples come every 99.95 ms.
    for (int b = 0; b < 1200; ++b) take.add_block(kBegin() + b * std::chrono::nanoseconds(99'950'025), false);
    take.close();
    const auto reader = open();
    EXPECT_NEAR(static_cast<double>(reader.sample_time(0, 900'000).value() - begin_), 900'000.0 * 125'000 / 1.0005,
                20'000);
}

TEST_F(TakeReaderTest, ReadsATakeThatIsBeingRecorded) {
    SmallMediaTake take(takes_);
    take.add(3);
    auto reader = open();
    EXPECT_TRUE(reader.recording());
    EXPECT_FALSE(reader.complete());
    EXPECT_THAT(reader.frame_times(0), SizeIs(3));
    EXPECT_EQ(reader.sample_count(0), 2400);
    EXPECT_NEAR(static_cast<double>(reader.sample_time(0, 2399).value() - begin_), 2399 * 125'000, 1000);
    EXPECT_FALSE(reader.refresh().value());
    take.add(20);
    EXPECT_TRUE(reader.refresh().value());
    EXPECT_THAT(reader.frame_times(0), SizeIs(23));
    EXPECT_EQ(reader.sample_count(0), 23 * 800);
    EXPECT_THAT(reader.image(0, 22).value().pixels, SizeIs(64 * 48 * 3));
    const auto audio = reader.audio_between(0, begin_ + 2240 * kMillisecond, begin_ + 2260 * kMillisecond).value();
    for (const auto v : audio) EXPECT_NEAR(v, 2300, 2);
    take.close();
    EXPECT_TRUE(reader.refresh().value());
    EXPECT_TRUE(reader.complete());
    EXPECT_EQ(reader.sample_spans(0).back().first_sample + reader.sample_spans(0).back().samples, 23 * 800);
}

TEST_F(TakeReaderTest, TellsWhatHappenedAndWhatWasLost) {
    ClockReading clocks = read_clocks();
    clocks.wall = WallTime(Duration(1'700'000'000'000'000'000));
    TakeWriterOptions options{takes_, "t", "test"};
    options.id = "01HZX";
    auto writer = TakeWriter::create(options, clocks).value();
    const auto video = writer.add_video_track({}).value();
    ASSERT_TRUE(writer.write_record(EventRecord{video, "stall", kBegin(), "no frames for 2 s"}));
    ASSERT_TRUE(writer.write_record(DropRecord{video, LossCause::queue, 7, kBegin(), {}}));
    ASSERT_TRUE(writer.write_record(EventRecord{std::nullopt, "note", kBegin(), "hello"}));
    const auto reader = open();
    EXPECT_EQ(reader.id(), "01HZX");
    ASSERT_THAT(reader.events(), SizeIs(3));
    EXPECT_EQ(reader.events()[0].kind, EventKind::stall);
    EXPECT_EQ(reader.events()[0].track, "v1");
    EXPECT_EQ(reader.events()[1].kind, EventKind::loss);
    EXPECT_EQ(reader.events()[1].count, 7u);
    EXPECT_EQ(reader.events()[2].kind, EventKind::note);
    EXPECT_EQ(reader.events()[2].t, 5000);
    EXPECT_EQ(reader.wall_time_ns(to_ns(clocks.host) + 5), 1'700'000'000'000'000'005);
}

TEST_F(TakeReaderTest, NamesWhatIsNotThere) {
    EXPECT_EQ(TakeReader::open(dir_.file("nothing")).error().code, ErrorCode::not_found);
    SmallMediaTake take(takes_);
    take.add(3);
    take.close();
    std::filesystem::remove(take.frame_path(1));
    std::filesystem::resize_file(take.frame_path(2), 100);
    const auto reader = open();
    EXPECT_THAT(reader.jpeg(0, 0).error().message, HasSubstr("f_000001.jpg"));
    EXPECT_EQ(reader.image(0, 1).error().code, ErrorCode::corrupt);
    EXPECT_EQ(reader.image(0, 3).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(reader.image(1, 0).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(reader.image(0, 2, ImageFormat::nv12).error().code, ErrorCode::unsupported);
    EXPECT_EQ(reader.sample_time(0, 2400).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(reader.sample_time(0, -1).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(reader.samples(0, -1, 4).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(reader.audio_between(0, 5, 4).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(
        reader.audio_between(0, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max())
            .error()
            .code,
        ErrorCode::invalid_argument);
    EXPECT_EQ(reader.audio_between(3, 0, 1).error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(reader.frame_times(1), IsEmpty());
    EXPECT_THAT(reader.sample_spans(1), IsEmpty());
}

/// Red, green and blue of the image's middle, as the ffmpeg program decodes it when told range and matrix.
std::array<int, 3> middle_by_ffmpeg(const std::string& jpeg, const ColorInfo& color) {
    // In two steps: FFmpeg 7 takes a JPEG's range for full whatever it is told.
    const auto command = fmt::format(
        "ffmpeg -v error -i '{}' -f rawvideo -pix_fmt yuvj444p - | "
        "ffmpeg -v error -f rawvideo -s 64x48 -pix_fmt yuv444p -i - "
        "-vf scale=in_range={}:in_color_matrix={}:flags=accurate_rnd,crop=1:1:30:20 -f rawvideo -pix_fmt rgb24 -",
        jpeg, to_string(color.range), to_string(color.matrix));
    std::array<std::uint8_t, 3> p{};
    std::FILE* pipe = ::popen(command.c_str(), "r");
    EXPECT_EQ(std::fread(p.data(), 1, 3, pipe), 3u);
    ::pclose(pipe);
    return {p[0], p[1], p[2]};
}

TEST_F(TakeReaderTest, DecodesColoursAsTheTracksAreToBeRead) {
    auto encoder = JpegEncoder::create({.quality = 95, .subsample = Subsample::s444}).value();
    for (const auto range : {ColorRange::full, ColorRange::limited})
        for (const auto matrix : {ColorMatrix::bt601, ColorMatrix::bt709}) {
            const auto name = fmt::format("{}-{}", to_string(range), to_string(matrix));
            auto writer = TakeWriter::create({takes_, name, "test", "{}", false}, read_clocks()).value();
            VideoDescription description;
            description.color = {range, matrix};
            const auto track = writer.add_video_track(description).value();
            Frame frame;
            frame.width = 64;
            frame.height = 48;
            frame.stride = 3 * 64;
            std::vector<std::uint8_t> pixels;
            for (int i = 0; i < 64 * 48; ++i) pixels.insert(pixels.end(), {60, 120, 200});  // BGR
            frame.bytes = Buffer(std::move(pixels));
            const auto jpeg = encoder.encode(frame, *BufferPool::create(1)).value();
            ASSERT_TRUE(writer.write_frame(track, jpeg.span(), {kBegin(), kBegin(), StampSource::pushed, {}}));
            const auto reader = TakeReader::open(takes_ + "/" + name).value();
            const auto expected = middle_by_ffmpeg(takes_ + "/" + name + "/frames/f_000001.jpg", {range, matrix});
            const auto bgr = reader.image(0, 0, ImageFormat::bgr).value();
            const auto rgb = reader.image(0, 0, ImageFormat::rgb).value();
            const std::size_t at = 3 * (20 * 64 + 30);
            for (std::size_t c = 0; c < 3; ++c) {
                EXPECT_NEAR(rgb.pixels[at + c], expected[c], 3) << name << c;
                EXPECT_EQ(bgr.pixels[at + 2 - c], rgb.pixels[at + c]) << name << c;
            }
        }
}

}  // namespace
}  // namespace onetake
