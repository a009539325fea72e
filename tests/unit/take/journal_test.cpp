#include "take/journal.h"

#include "support/temp_dir.h"
#include "take/journal_reader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace onetake {
namespace {

std::string line(const JournalRecord& record) {
    std::string text;
    append_line(record, text);
    return text;
}

// Expects the same line after writing, parsing and writing a record again.
void round_trip(const JournalRecord& record) {
    const auto text = line(record);
    ASSERT_EQ(text.back(), '\n');
    const auto back = parse_line(std::string_view(text).substr(0, text.size() - 1));
    ASSERT_TRUE(back) << text << back.error().message;
    ASSERT_TRUE(*back) << text;
    EXPECT_EQ(line(**back), text);
}

VideoDescription camera() {
    VideoDescription v;
    v.device = "/dev/video0";
    v.name = "Cam \"4K\"";
    v.width = 1280;
    v.height = 720;
    v.fps = 29.97;
    v.fourcc = "MJPG";
    v.controls = {{"gain", "3"}};
    v.notes = {"note"};
    return v;
}

AudioDescription microphone() {
    AudioDescription a;
    a.name = "Mikrofon ü";
    a.sample_rate = 48000;
    a.channels = 2;
    return a;
}

StreamParams h264_stream() {
    StreamParams p;
    p.codec = "h264";
    p.width = 1280;
    p.height = 720;
    p.pixel_format = "yuv420p";
    p.extradata = {1, 0x64, 0, 0xff};
    return p;
}

const std::vector<JournalRecord> kRecords = {
    TakeRecord{1, "interview", "onetake 1", "2026-01-02T03:04:05.000006Z", host_time_from_ns(77), R"({"width":1280})"},
    TrackRecord{{TrackKind::video, 1}, "frames", camera(), {}, {}},
    TrackRecord{{TrackKind::video, 2}, "v2/video", camera(), {}, TrackStore::encoded},
    TrackRecord{{TrackKind::audio, 2}, "a2/audio.wav", {}, microphone(), {}},
    PartRecord{{TrackKind::video, 2}, 3, host_time_from_ns(-7), 300, h264_stream(), "libx264", 4, 0.5},
    ClockRecord{{host_time_from_ns(5), BootTime(Duration(6)), WallTime(Duration(7)), Duration(8)}},
    FrameRecord{
        {TrackKind::video, 1},
        12,
        {host_time_from_ns(123456789012345), host_time_from_ns(123456789099999), StampSource::driver_soe, 4000000000u},
        54321},
    FrameRecord{{TrackKind::video, 2}, 1, {host_time_from_ns(-5), host_time_from_ns(9), StampSource::pushed, {}}, 0},
    FrameRecord{{TrackKind::video, 2},
                7,
                {host_time_from_ns(5), host_time_from_ns(9), StampSource::test, 3},
                99,
                PacketPlace{3, 123456789012, true}},
    FrameRecord{{TrackKind::video, 2}, 8, {{}, {}, StampSource::test, {}}, 0, PacketPlace{1, 0, false}},
    BlockRecord{
        {TrackKind::audio, 1}, 1024, 1024, host_time_from_ns(1), host_time_from_ns(2), StampSource::device, true},
    BlockRecord{{TrackKind::audio, 1}, 0, 1, host_time_from_ns(1), host_time_from_ns(2), StampSource::arrival, false},
    DropRecord{{TrackKind::video, 1}, LossCause::driver, 3, host_time_from_ns(4), "text"},
    DropRecord{{TrackKind::audio, 1}, LossCause::disk, 3, host_time_from_ns(4), "text", 17},
    TrackEndRecord{{TrackKind::video, 3}, host_time_from_ns(4)},
    EventRecord{TrackId{TrackKind::audio, 1}, "stall", host_time_from_ns(4), "no sound for 2 s"},
    EventRecord{std::nullopt, "note", host_time_from_ns(4), "line\nbreak"},
    EndRecord{host_time_from_ns(9), "stopped", 100, 200, 3.5},
};

TEST(Journal, RoundTripsEveryKindOfRecord) {
    for (const auto& record : kRecords) round_trip(record);
}

TEST(Journal, ParsesRecordsInOtherJsonLayouts) {
    const auto spaced =
        parse_line(R"( { "v" : "v1", "k":"f", "n": 1, "t": 5, "r": 6, "s": "test", "b": 7, "new": {"a": [1]} } )");
    ASSERT_TRUE(spaced) << spaced.error().message;
    ASSERT_TRUE(*spaced);
    EXPECT_EQ(std::get<FrameRecord>(**spaced).bytes, 7u);
}

TEST(Journal, SkipsUnknownKinds) {
    const auto unknown = parse_line(R"({"k":"imu","x":1.5})");
    ASSERT_TRUE(unknown);
    EXPECT_FALSE(*unknown);
}

TEST(Journal, RejectsInvalidRecordsWithoutThrowing) {
    for (const auto* text :
         {"",
          "{",
          "[]",
          "null",
          "{}",
          R"({"k":1})",
          R"({"k":"f"})",
          R"({"k":"f","v":"a1","n":1,"t":1,"r":1,"s":"test","b":1})",
          R"({"k":"f","v":"v1","n":0,"t":1,"r":1,"s":"test","b":1})",
          R"({"k":"f","v":"v1","n":1,"t":1.5,"r":1,"s":"test","b":1})",
          R"({"k":"f","v":"v1","n":99999999999999999999,"t":1,"r":1,"s":"test","b":1})",
          R"({"k":"a","v":"a1","i":-1,"n":1,"t":1,"r":1,"s":"test"})",
          R"({"k":"track","track":"v1","kind":"video","width":-1,"height":1})",
          R"({"k":"f","v":"v1","n":1,"t":9223372036854775807,"r":1,"s":"test","b":1})",
          R"({"k":"f","v":"v1","n":1,"t":1,"r":1,"s":"test","b":9223372036854775807})",
          R"({"k":"a","v":"a1","i":999999999999,"n":2,"t":1,"r":1,"s":"test"})",
          R"({"k":"drop","track":"v1","cause":"disk","count":-1,"host_ns":1})",
          R"({"k":"drop","track":"v1","cause":"disk","count":1.5,"host_ns":1})",
          R"({"k":"drop","track":"v1","cause":"disk","count":2,"first":-1,"host_ns":1})",
          R"({"k":"end","host_ns":1e300})",
          R"({"k":"end","host_ns":18446744073709551615})",
          R"({"k":"track","track":"a1","sample_rate":0,"channels":1})",
          R"({"k":"f","v":"v1","n":1,"t":1,"r":1,"s":"test","b":1,"p":1})",
          R"({"k":"f","v":"v1","n":1,"t":1,"r":1,"s":"test","b":1,"p":0,"o":1})",
          R"({"k":"f","v":"v1","n":1,"t":1,"r":1,"s":"test","b":1,"p":1,"o":-1})",
          R"({"k":"f","v":"v1","n":1,"t":1,"r":1,"s":"test","b":1,"p":1,"o":1,"key":1})",
          R"({"k":"part","track":"a1","part":1,"t_ns":1,"header":1,"codec":"h264","width":1,"height":1})",
          R"({"k":"part","track":"v1","part":0,"t_ns":1,"header":1,"codec":"h264","width":1,"height":1})",
          R"({"k":"part","track":"v1","part":1,"t_ns":1,"header":-1,"codec":"h264","width":1,"height":1})",
          R"({"k":"part","track":"v1","part":1,"t_ns":1,"header":1,"codec":"h264","width":0,"height":1})",
          R"({"k":"part","track":"v1","part":1,"t_ns":1,"header":1,"codec":"h264","width":1,"height":1,"config":"0"})",
          R"({"k":"part","track":"v1","part":1,"t_ns":1,"header":1,"codec":"h264","width":1,"height":1,"config":"xy"})",
          "\xff\xfe",
          R"({"k":"end","host_ns":"x"})"})
        EXPECT_FALSE(parse_line(text)) << text;
}

TEST(Journal, RejectsDeepNesting) {
    const std::string deep = R"({"k":"take","format":1,"name":"x","start_ns":1,"config":)" + std::string(300'000, '[');
    EXPECT_FALSE(parse_line(deep));
    EXPECT_FALSE(parse_line(deep + std::string(300'000, ']') + "}"));
}

TEST(Journal, IgnoresATrackPathOutsideTheTake) {
    const auto track =
        parse_line(R"({"k":"track","track":"v1","kind":"video","path":"../../etc","width":1,"height":1})");
    ASSERT_TRUE(track);
    EXPECT_EQ(std::get<TrackRecord>(**track).path, "frames");
}

TEST(JournalReader, ReturnsExactlyTheRecordsBeforeAnyTruncation) {
    TempDir dir;
    std::string journal;
    std::vector<std::size_t> ends;
    for (const auto& record : kRecords) {
        append_line(record, journal);
        ends.push_back(journal.size());
    }
    for (std::size_t cut = ends[0]; cut <= journal.size(); ++cut) {
        std::ofstream(dir.file("timeline.jsonl"), std::ios::trunc) << journal.substr(0, cut);
        auto reader = JournalReader::open(dir.path());
        ASSERT_TRUE(reader) << reader.error().message;
        std::size_t records = 1;  // open() read the first
        while (const auto record = reader->next().value()) ++records;
        const auto expected = static_cast<std::size_t>(std::ranges::upper_bound(ends, cut) - ends.begin());
        EXPECT_EQ(records, expected) << "cut at " << cut;
        EXPECT_EQ(reader->unfinished_bytes(), cut - ends[expected - 1]);
        EXPECT_EQ(reader->bad_lines(), 0u);
    }
}

TEST(JournalReader, ContinuesWhenTheJournalGrows) {
    TempDir dir;
    std::ofstream file(dir.file("timeline.jsonl"));
    file << line(kRecords[0]) << std::flush;
    auto reader = JournalReader::open(dir.path());
    ASSERT_TRUE(reader);
    EXPECT_FALSE(reader->next().value());
    const auto frame = line(kRecords[4]);
    file << frame.substr(0, 10) << std::flush;
    EXPECT_FALSE(reader->next().value());
    file << frame.substr(10) << std::flush;
    const auto record = reader->next().value();
    ASSERT_TRUE(record);
    EXPECT_EQ(line(*record), frame);
}

TEST(JournalReader, CountsLinesThatAreNotRecords) {
    TempDir dir;
    std::ofstream(dir.file("timeline.jsonl")) << line(kRecords[0]) << "garbage\n" << line(kRecords[4]);
    auto reader = JournalReader::open(dir.path());
    ASSERT_TRUE(reader);
    EXPECT_TRUE(reader->next().value());
    EXPECT_FALSE(reader->next().value());
    EXPECT_EQ(reader->bad_lines(), 1u);
}

TEST(JournalReader, RejectsATakeOfANewerFormatAndNamesIt) {
    TempDir dir;
    std::ofstream(dir.file("timeline.jsonl")) << R"({"k":"take","format":5,"name":"x","start_ns":1})" << '\n';
    const auto reader = JournalReader::open(dir.path());
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().code, ErrorCode::unsupported);
    EXPECT_NE(reader.error().message.find("format 5"), std::string::npos);
}

TEST(JournalReader, ReportsThatNothingWasRecordedIfTheFirstLineIsMissing) {
    TempDir dir;
    for (const auto* content : {"", R"({"k":"take","form)"}) {
        std::ofstream(dir.file("timeline.jsonl"), std::ios::trunc) << content;
        const auto reader = JournalReader::open(dir.path());
        ASSERT_FALSE(reader);
        EXPECT_EQ(reader.error().code, ErrorCode::corrupt);
        EXPECT_NE(reader.error().message.find("stopped before it began"), std::string::npos) << reader.error().message;
    }
}

TEST(JournalReader, SkipsAnOverlongLineInBoundedMemory) {
    TempDir dir;
    const std::string overlong(5 << 20, 'x');
    std::ofstream(dir.file("timeline.jsonl")) << line(kRecords[0]) << overlong << '\n' << line(kRecords[4]) << overlong;
    auto reader = JournalReader::open(dir.path());
    ASSERT_TRUE(reader);
    const auto record = reader->next().value();
    ASSERT_TRUE(record);
    EXPECT_EQ(line(*record), line(kRecords[4]));
    EXPECT_FALSE(reader->next().value());
    EXPECT_EQ(reader->bad_lines(), 1u);
    EXPECT_EQ(reader->unfinished_bytes(), overlong.size());
    EXPECT_EQ(reader->offset(), line(kRecords[0]).size() + overlong.size() + 1 + line(kRecords[4]).size());
}

TEST(JournalReader, DoesNotFollowSymbolicLinks) {
    TempDir dir;
    std::filesystem::create_directories(dir.file("real"));
    std::ofstream(dir.file("real/timeline.jsonl")) << line(kRecords[0]);
    std::filesystem::create_directory_symlink("real", dir.file("linked"));
    std::filesystem::create_directories(dir.file("other"));
    std::filesystem::create_symlink("../real/timeline.jsonl", dir.file("other/timeline.jsonl"));
    EXPECT_TRUE(JournalReader::open(dir.file("real")));
    for (const auto* name : {"linked", "other"}) {
        const auto reader = JournalReader::open(dir.file(name));
        ASSERT_FALSE(reader) << name;
        EXPECT_EQ(reader.error().code, ErrorCode::refused);
    }
}

}  // namespace
}  // namespace onetake
