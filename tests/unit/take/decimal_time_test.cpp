#include "take/decimal_time.h"

#include "support/temp_dir.h"

#include <fstream>
#include <gtest/gtest.h>

namespace onetake {
namespace {

std::int64_t ns(std::string_view text) {
    const auto parsed = parse_decimal_seconds(text);
    EXPECT_TRUE(parsed) << text;
    return parsed ? parsed->count() : -1;
}

TEST(DecimalTime, IsExactToTheNanosecondForLargeValues) {
    EXPECT_EQ(ns("1700000000.123456789"), 1'700'000'000'123'456'789);
    EXPECT_EQ(ns("0.000000001"), 1);
    EXPECT_EQ(ns("-2.5"), -2'500'000'000);
    EXPECT_EQ(ns("3"), 3'000'000'000);
    EXPECT_EQ(ns(".5"), 500'000'000);
    EXPECT_EQ(ns("7."), 7'000'000'000);
}

TEST(DecimalTime, RoundsFractionsOfANanosecond) {
    EXPECT_EQ(ns("0.0000000014"), 1);
    EXPECT_EQ(ns("0.0000000015"), 2);
    EXPECT_EQ(ns("1.00000000049999999999999999999999999999"), 1'000'000'000);
}

TEST(DecimalTime, ParsesExponents) {
    EXPECT_EQ(ns("1.234567890123000000e+03"), 1'234'567'890'123);
    EXPECT_EQ(ns("5E-3"), 5'000'000);
    EXPECT_EQ(ns("0e99"), 0);
}

TEST(DecimalTime, RejectsInvalidTimes) {
    for (const auto* text : {"", "-", ".", "nan", "inf", "1,5", "1.2.3", "12s", "1e", "1e999", "0x10", " 1", "1e12",
                             "99999999999999999999"})
        EXPECT_FALSE(parse_decimal_seconds(text)) << text;
}

TEST(FrameTimes, SkipCommentsAndReportTheLineOfAnError) {
    TempDir dir;
    std::ofstream(dir.file("good")) << "# seconds\n1.0\n\n1.5 # here\r\n2.0\n";
    const auto good = read_frame_times(dir.file("good"));
    ASSERT_TRUE(good);
    EXPECT_EQ(good->size(), 3u);
    std::ofstream(dir.file("bad")) << "1.0\n1.0\n";
    const auto bad = read_frame_times(dir.file("bad"));
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("bad, line 2"), std::string::npos) << bad.error().message;
}

TEST(AudioTimes, NeedAtLeastOneLineAndMustIncrease) {
    TempDir dir;
    std::ofstream(dir.file("good")) << "0 10.0\n48000\t11.0001\n";
    const auto good = read_audio_times(dir.file("good"));
    ASSERT_TRUE(good);
    EXPECT_EQ((*good)[1].sample, 48000);
    EXPECT_EQ((*good)[1].time, Duration(11'000'100'000));
    std::ofstream(dir.file("empty")) << "# nothing\n";
    EXPECT_FALSE(read_audio_times(dir.file("empty")));
    std::ofstream(dir.file("back")) << "5 10.0\n5 11.0\n";
    EXPECT_FALSE(read_audio_times(dir.file("back")));
    std::ofstream(dir.file("word")) << "five 10.0\n";
    EXPECT_FALSE(read_audio_times(dir.file("word")));
}

}  // namespace
}  // namespace onetake
