#include "take/wav.h"

#include "support/temp_dir.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <numeric>

namespace onetake {
namespace {

std::vector<std::int16_t> ramp(std::size_t n) {
    std::vector<std::int16_t> samples(n);
    std::iota(samples.begin(), samples.end(), std::int16_t{0});
    return samples;
}

std::string bytes_of(const std::string& path) {
    return read_file(path, 1 << 20).value();
}

TEST(Wav, ReadsBackWhatWasWritten) {
    TempDir dir;
    auto writer = WavWriter::create(AT_FDCWD, dir.file("a.wav"), 48000, 2);
    ASSERT_TRUE(writer);
    const auto samples = ramp(2000);
    ASSERT_TRUE(writer->write(samples));
    ASSERT_TRUE(writer->refresh_header());
    EXPECT_EQ(writer->frames(), 1000);
    auto reader = WavReader::open(dir.file("a.wav"));
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ(reader->sample_rate(), 48000);
    EXPECT_EQ(reader->channels(), 2);
    EXPECT_EQ(reader->frames(), 1000);
    std::vector<std::int16_t> back;
    ASSERT_TRUE(reader->read(10, 5, back));
    EXPECT_EQ(back, std::vector<std::int16_t>(samples.begin() + 20, samples.begin() + 30));
    ASSERT_TRUE(reader->read(998, 100, back));
    EXPECT_EQ(back.size(), 4u);
    ASSERT_TRUE(reader->read(1000, 1, back));
    EXPECT_TRUE(back.empty());
}

TEST(Wav, UsesTheFilesLengthIfItsHeaderIsStale) {
    TempDir dir;
    auto writer = WavWriter::create(AT_FDCWD, dir.file("a.wav"), 16000, 1);
    ASSERT_TRUE(writer->write(ramp(300)));
    EXPECT_EQ(WavReader::open(dir.file("a.wav"))->frames(), 300);
}

TEST(Wav, IsConvertedToRf64InPlaceWhenTooLargeForRiff) {
    TempDir dir;
    auto writer = WavWriter::create(AT_FDCWD, dir.file("a.wav"), 48000, 1, 1000);
    ASSERT_TRUE(writer->write(ramp(400)));
    ASSERT_TRUE(writer->refresh_header());
    const auto small = bytes_of(dir.file("a.wav"));
    EXPECT_EQ(small.substr(0, 4), "RIFF");
    EXPECT_EQ(small.substr(12, 4), "JUNK");
    ASSERT_TRUE(writer->write(ramp(400)));
    ASSERT_TRUE(writer->refresh_header());
    const auto large = bytes_of(dir.file("a.wav"));
    EXPECT_EQ(large.substr(0, 4), "RF64");
    EXPECT_EQ(large.substr(4, 4), "\xff\xff\xff\xff");
    EXPECT_EQ(large.substr(12, 4), "ds64");
    EXPECT_EQ(large.substr(80, 800), small.substr(80, 800)) << "nothing moved";
    auto reader = WavReader::open(dir.file("a.wav"));
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->frames(), 800);
}

TEST(Wav, StopsAtChunksAfterTheData) {
    TempDir dir;
    {
        auto writer = WavWriter::create(AT_FDCWD, dir.file("a.wav"), 48000, 1);
        ASSERT_TRUE(writer->write(ramp(100)));
        ASSERT_TRUE(writer->refresh_header());
    }
    std::ofstream(dir.file("a.wav"), std::ios::app | std::ios::binary) << std::string("LIST\4\0\0\0INFO", 12);
    EXPECT_EQ(WavReader::open(dir.file("a.wav"))->frames(), 100);
}

TEST(Wav, RejectsTruncatedHeadersAndHandlesEveryFlippedByte) {
    TempDir dir;
    {
        auto writer = WavWriter::create(AT_FDCWD, dir.file("good.wav"), 48000, 1);
        ASSERT_TRUE(writer->write(ramp(10)));
        ASSERT_TRUE(writer->refresh_header());
    }
    const auto good = bytes_of(dir.file("good.wav"));
    for (std::size_t cut = 0; cut < 72; ++cut) {
        std::ofstream(dir.file("cut.wav"), std::ios::binary) << good.substr(0, cut);
        EXPECT_FALSE(WavReader::open(dir.file("cut.wav"))) << cut;
    }
    for (std::size_t at = 0; at < 80; ++at)
        for (const char mask : {'\x01', '\x80', '\xff'}) {
            auto bad = good;
            bad[at] = static_cast<char>(bad[at] ^ mask);
            std::ofstream(dir.file("bad.wav"), std::ios::binary) << bad;
            if (auto reader = WavReader::open(dir.file("bad.wav"))) {
                std::vector<std::int16_t> out;
                EXPECT_GE(reader->channels(), 1);
                EXPECT_TRUE(reader->read(0, 1'000'000, out));
                EXPECT_LE(out.size(), good.size());
            }
        }
}

}  // namespace
}  // namespace onetake
