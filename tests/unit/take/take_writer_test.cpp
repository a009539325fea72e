#include "take/take_writer.h"

#include "support/temp_dir.h"
#include "take/journal_reader.h"
#include "take/metrics_json.h"
#include "take/take_source.h"

#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;

const std::vector<std::uint8_t> kJpeg = {0xff, 0xd8, 1, 2, 3, 0xff, 0xd9};

Result<TakeWriter> begin(const TempDir& dir, const std::string& name) {
    return TakeWriter::create({dir.path(), name, "test", "{}", false}, read_clocks());
}

FrameStamp stamp(std::int64_t ns) {
    return {host_time_from_ns(ns), host_time_from_ns(ns + 1), StampSource::pushed, {}};
}

AudioBlock block(std::int64_t ns, std::size_t samples) {
    AudioBlock b;
    b.samples.assign(samples, 7);
    b.time = b.arrival = host_time_from_ns(ns);
    b.source = StampSource::pushed;
    return b;
}

AudioDescription microphone(int rate) {
    AudioDescription a;
    a.sample_rate = rate;
    a.channels = 1;
    return a;
}

TEST(TakeWriter, WritesConsistentFramesAudioJournalAndManifest) {
    TempDir dir;
    auto writer = begin(dir, "t");
    ASSERT_TRUE(writer) << writer.error().message;
    const auto v = writer->add_video_track({}).value();
    const auto a = writer->add_audio_track(microphone(1000)).value();
    const auto v2 = writer->add_video_track({}).value();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(writer->write_frame(v, kJpeg, stamp(1000 + i)));
        ASSERT_TRUE(writer->write_block(a, block(2000 + i, 10)));
    }
    ASSERT_TRUE(writer->write_frame(v2, kJpeg, stamp(1)));
    ASSERT_TRUE(writer->write_record(EventRecord{v, "note", host_time_from_ns(5), "hello"}));
    Metrics metrics;
    metrics.notes = {"a note"};
    ASSERT_TRUE(writer->finish({}, metrics));

    EXPECT_EQ(fs::file_size(dir.file("t/frames/f_000003.jpg")), kJpeg.size());
    EXPECT_TRUE(fs::exists(dir.file("t/v2/frames/f_000001.jpg")));
    EXPECT_EQ(WavReader::open(dir.file("t/audio.wav"))->frames(), 30);
    const auto manifest = nlohmann::json::parse(read_file(dir.file("t/manifest.json"), 1 << 20).value());
    EXPECT_EQ(manifest["format"], 1);
    EXPECT_EQ(manifest["metrics"]["notes"][0], "a note");
    EXPECT_EQ(manifest["tracks"].size(), 3u);
    EXPECT_EQ(manifest["tracks"][0]["frames"].dump(),
              R"([[1,1000,1001,7,"pushed"],[2,1001,1002,7,"pushed"],[3,1002,1003,7,"pushed"]])");
    EXPECT_EQ(manifest["tracks"][1]["blocks"][2].dump(), R"([20,10,2002,2002,false,"pushed"])");
    EXPECT_EQ(manifest["events"][0]["text"], "hello");
    const auto totals = count_take(dir.file("t")).value();
    EXPECT_EQ(totals.frames, 4u);
    EXPECT_EQ(totals.samples, 30u);
    ASSERT_TRUE(totals.end);
    EXPECT_EQ(totals.end->frames, 4u);
}

TEST(TakeWriter, NeverOverwritesATake) {
    TempDir dir;
    ASSERT_TRUE(begin(dir, "t"));
    const auto again = begin(dir, "t");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::already_exists);
    EXPECT_NE(again.error().message.find("/t already exists"), std::string::npos);
}

TEST(TakeWriter, RejectsNamesOutsideTheFolder) {
    TempDir dir;
    const auto name = "../" + fs::path(dir.path()).filename().string() + "_outside";
    EXPECT_EQ(begin(dir, name).error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(fs::exists(dir.file(name)));
}

TEST(TakeWriter, NamesTheFolderThatCannotBeCreated) {
    const auto created = TakeWriter::create({"/proc/onetake", "t", "", "{}", false}, read_clocks());
    ASSERT_FALSE(created);
    EXPECT_NE(created.error().message.find("/proc/onetake"), std::string::npos) << created.error().message;
}

TEST(TakeWriter, HoldsALockWhileATakeIsBeingRecorded) {
    TempDir dir;
    auto writer = begin(dir, "t");
    ASSERT_TRUE(writer);
    EXPECT_TRUE(JournalReader::open(dir.file("t"))->being_written());
    { const auto destroyed = std::move(*writer); }
    EXPECT_FALSE(JournalReader::open(dir.file("t"))->being_written());
}

TEST(TakeWriter, FinishesATakeThatWasRenamedWhileRecording) {
    TempDir dir;
    auto writer = begin(dir, "t");
    const auto v = writer->add_video_track({}).value();
    ASSERT_TRUE(writer->write_frame(v, kJpeg, stamp(1)));
    fs::rename(dir.file("t"), dir.file("renamed"));
    fs::create_directory(dir.file("t"));
    ASSERT_TRUE(writer->add_video_track({}));
    ASSERT_TRUE(writer->add_audio_track({}));
    ASSERT_TRUE(writer->write_frame(v, kJpeg, stamp(2)));
    ASSERT_TRUE(writer->finish({}, {}));
    EXPECT_TRUE(fs::is_empty(dir.file("t")));
    EXPECT_TRUE(fs::exists(dir.file("renamed/manifest.json")));
    EXPECT_TRUE(fs::exists(dir.file("renamed/v2/frames")));
    EXPECT_EQ(count_take(dir.file("renamed"))->frames, 2u);
}

TEST(TakeWriter, ReplacesAFrameFileWhoseRecordWasNeverWritten) {
    TempDir dir;
    auto writer = begin(dir, "t");
    const auto v = writer->add_video_track({}).value();
    ASSERT_TRUE(AppendFile::create(AT_FDCWD, dir.file("t/frames/f_000001.jpg")));
    ASSERT_TRUE(writer->write_frame(v, kJpeg, stamp(1)));
    EXPECT_EQ(fs::file_size(dir.file("t/frames/f_000001.jpg")), kJpeg.size());
}

TEST(Metrics, RoundTripThroughJson) {
    Metrics m;
    m.duration_s = 1.5;
    m.frames = 7;
    m.audio_enabled = true;
    m.notes = {"x"};
    m.counters = {{"v1", "video", 10, 7, 1, 1, 1, 0}};
    const auto back = metrics_from_json(metrics_json(m));
    EXPECT_EQ(metrics_json(back), metrics_json(m));
    EXPECT_TRUE(back.balanced());
    EXPECT_TRUE(back.lossy());
}

TEST(Metrics, KeepTheirDefaultsForInvalidJson) {
    for (const auto* text : {"{}", "[]", "null", R"({"frames":"x","books":[1,"a",{"written":"y"}],"notes":[1]})"})
        EXPECT_EQ(metrics_from_json(nlohmann::ordered_json::parse(text)).frames, 0u) << text;
}

}  // namespace
}  // namespace onetake
