#include "inspect/recover.h"

#include "take/wav.h"
#include "unit/inspect/recovered_take.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Recover : public RecoveredTake {
 protected:
    void make(bool close) { write_small_take(dir_, close); }
    static std::string frame(int n) { return "frames/" + frame_file(n); }
};

TEST_F(Recover, DoesNotChangeAnIntactTake) {
    make(true);
    EXPECT_TRUE(check().whole());
    const auto before = snapshot(dir_.file("t"));
    const auto report = recover();
    EXPECT_THAT(report.steps, IsEmpty());
    EXPECT_TRUE(report.take.whole());
    EXPECT_EQ(report.take.frames, 6u);
    EXPECT_EQ(report.take.samples, 400u);
    EXPECT_EQ(snapshot(dir_.file("t")), before);
}

TEST_F(Recover, ClosesATakeOfAKilledProgramWithoutLosses) {
    make(false);
    const auto broken = check();
    EXPECT_FALSE(broken.closed);
    EXPECT_TRUE(broken.needs_recovery);
    EXPECT_THAT(broken.losses, IsEmpty());
    const auto frame1 = bytes_of(file(frame(1))), journal = bytes_of(file("timeline.jsonl"));
    const auto report = recover();
    EXPECT_TRUE(report.take.whole()) << testing::PrintToString(report.take.findings);
    EXPECT_FALSE(report.steps.empty());
    EXPECT_EQ(bytes_of(file(frame(1))), frame1);
    EXPECT_TRUE(bytes_of(file("timeline.jsonl")).starts_with(journal)) << "the journal only grows";
    EXPECT_EQ(count_take(dir_.file("t"))->end->reason, "recovered");
    EXPECT_FALSE(fs::exists(file(".reserve")));
    expect_recovered(report);
}

TEST_F(Recover, WorksWhereverTheJournalIsTruncated) {
    make(false);
    const auto journal = bytes_of(file("timeline.jsonl"));
    const auto first_line = journal.find('\n') + 1;
    const TempDir kept;
    fs::copy(dir_.file("t"), kept.file("t"), fs::copy_options::recursive);
    std::vector<std::size_t> cuts{0};
    for (std::size_t begin = 0, end = 0; begin < journal.size(); begin = end) {
        end = journal.find('\n', begin) + 1;
        cuts.insert(cuts.end(), {begin + 1, (begin + end) / 2, end - 1, end});
    }
    for (const auto cut : cuts) {
        SCOPED_TRACE(cut);
        fs::remove_all(dir_.file("t"));
        fs::copy(kept.file("t"), dir_.file("t"), fs::copy_options::recursive);
        put_bytes(file("timeline.jsonl"), journal.substr(0, cut));
        if (cut < first_line) {
            EXPECT_FALSE(recover_folder(dir_.file("t"), "t"));
            continue;
        }
        const auto complete = journal.rfind('\n', cut - 1) + 1;
        const auto report = recover();
        EXPECT_EQ(report.cut_bytes, cut - complete);
        EXPECT_TRUE(bytes_of(file("timeline.jsonl")).starts_with(journal.substr(0, complete)));
        // Frames without a record are kept and counted.
        const auto kept_frames = journal.find("\"v\":\"v1\"") > cut && journal.find("\"track\":\"v1\"") > complete
                                     ? 0
                                     : 6 - report.take.frames;
        if (journal.substr(0, complete).find("\"track\":\"v1\"") != std::string::npos) {
            EXPECT_EQ(lost(report.take, "v1", "no_record"), kept_frames);
        }
        expect_recovered(report);
        if (HasFailure()) break;
    }
}

TEST_F(Recover, WorksWhereverTheAudioIsTruncated) {
    make(false);
    const auto wav = bytes_of(file("audio.wav"));
    const auto journal = bytes_of(file("timeline.jsonl"));
    for (std::size_t cut = 0; cut <= wav.size(); cut += 1 + cut / 12) {
        SCOPED_TRACE(cut);
        put_bytes(file("audio.wav"), wav.substr(0, cut));
        put_bytes(file("timeline.jsonl"), journal);
        const auto report = recover();
        constexpr std::size_t kHeader = 80;
        const auto present = cut > kHeader ? (cut - kHeader) / 2 : 0;
        EXPECT_EQ(report.take.samples, present);
        EXPECT_EQ(lost(report.take, "a1", "short"), 400 - present);
        const auto repaired = WavReader::open(file("audio.wav"));
        ASSERT_TRUE(repaired) << repaired.error().message;
        EXPECT_EQ(repaired->frames(), static_cast<std::int64_t>(present));
        EXPECT_EQ(repaired->sample_rate(), 1000);
        expect_recovered(report);
        if (HasFailure()) break;
    }
}

TEST_F(Recover, ReportsEveryLostFrameWithItsCause) {
    make(true);
    fs::remove(file(frame(2)));
    fs::remove(file(frame(3)));
    put_bytes(file(frame(4)), bytes_of(file(frame(4))).substr(0, 20));
    auto damaged = bytes_of(file(frame(6)));
    damaged.replace(damaged.size() - 30, 30, 30, '\0');
    put_bytes(file(frame(6)), damaged);
    const auto report = recover();
    EXPECT_EQ(report.take.frames, 2u);
    ASSERT_EQ(report.take.losses.size(), 3u);
    EXPECT_EQ(report.take.losses[0].cause, LossCause::missing);
    EXPECT_EQ(report.take.losses[0].count, 2u);
    EXPECT_EQ(report.take.losses[0].which, "frames 2-3");
    EXPECT_NEAR(report.take.losses[0].seconds, 0.1, 1e-9);
    EXPECT_EQ(report.take.losses[0].bytes, 2 * tiny_jpeg(1).size());
    EXPECT_EQ(lost(report.take, "v1", "short"), 1u);
    EXPECT_EQ(lost(report.take, "v1", "damaged"), 1u);
    expect_recovered(report);
    const auto metrics = read_manifest(TakeDir::open(dir_.file("t")).value())->metrics;
    ASSERT_EQ(metrics.counters.size(), 2u);
    EXPECT_EQ(metrics.counters[0].dropped_disk, 4u);
    EXPECT_EQ(metrics.counters[0].expected, 6u);
    EXPECT_EQ(metrics.encoder, "turbojpeg") << "values that only the recorder has are kept";
    EXPECT_EQ(metrics.queue_max, 3);
}

TEST_F(Recover, AcceptsFramesThatAreRestored) {
    make(true);
    const auto bytes = bytes_of(file(frame(5)));
    fs::remove(file(frame(5)));
    EXPECT_EQ(lost(recover().take, "v1", "missing"), 1u);
    put_bytes(file(frame(5)), bytes);
    EXPECT_THAT(check().losses, IsEmpty());
    EXPECT_EQ(check().frames, 6u);
}

TEST_F(Recover, ReportsAReplacedFrameAsAlteredAndKeepsIt) {
    make(true);
    const auto other = tiny_jpeg(9, 99);
    put_bytes(file(frame(3)), {other.begin(), other.end()});
    const auto report = recover();
    EXPECT_THAT(report.steps, IsEmpty());
    EXPECT_EQ(lost(report.take, "v1", "altered"), 1u);
}

TEST_F(Recover, RewritesTheManifest) {
    make(true);
    for (const std::string bytes : {"", "{", "{}", "[[[[", "not json at all"}) {
        put_bytes(file("manifest.json"), bytes);
        EXPECT_TRUE(check().needs_recovery) << bytes;
        const auto report = recover();
        EXPECT_TRUE(report.take.whole());
        EXPECT_EQ(report.steps.size(), 1u);
        expect_recovered(report);
    }
    fs::remove(file("manifest.json"));
    put_bytes(file("manifest.json.123-0.tmp"), "half");
    EXPECT_TRUE(recover().take.whole());
    EXPECT_FALSE(fs::exists(file("manifest.json.123-0.tmp")));
    EXPECT_EQ(count_take(dir_.file("t"))->end->reason, "stopped");
}

TEST_F(Recover, RemovesWhatAKilledRenderingLeftOfANewManifest) {
    make(true);
    put_bytes(file("manifest.json.123-0.tmp"), "half");
    EXPECT_TRUE(check().whole()) << "the take lacks nothing";
    EXPECT_EQ(recover().steps.size(), 1u);
    EXPECT_FALSE(fs::exists(file("manifest.json.123-0.tmp")));
    EXPECT_TRUE(recover().steps.empty());
}

TEST_F(Recover, ReportsUnreadableJournalLines) {
    make(true);
    auto journal = bytes_of(file("timeline.jsonl"));
    const auto at = journal.find("\"k\":\"f\"");
    journal.replace(at, 7, 7, '\0');
    put_bytes(file("timeline.jsonl"), journal);
    const auto report = recover();
    EXPECT_EQ(lost(report.take, "v1", "no_record"), 1u);
    EXPECT_TRUE(fs::exists(file("leftover/v1_f_000001.jpg")));
    EXPECT_THAT(testing::PrintToString(report.take.findings), HasSubstr("1 line of the journal"));
    expect_recovered(report);
}

TEST_F(Recover, HandlesJournalsWithExtremeValues) {
    make(false);
    const auto journal = bytes_of(file("timeline.jsonl"));
    for (const std::string line : {
             R"({"k":"f","v":"v1","n":1000000000000,"t":1,"r":1,"s":"test","b":1099511627776})",
             R"({"k":"a","v":"a1","i":999999999999,"n":1,"t":3000000000000000000,"r":1,"s":"test"})",
             R"({"k":"a","v":"a1","i":0,"n":1000000000000,"t":-3000000000000000000,"r":1,"s":"test"})",
             R"({"k":"drop","track":"v1","cause":"disk","count":1000000000000,"host_ns":1,"text":""})",
             R"({"k":"end","host_ns":-3000000000000000000,"reason":"stopped","frames":1000000000000,"samples":0})",
             R"({"k":"f","v":"v64","n":1,"t":1,"r":1,"s":"test","b":1})",
         }) {
        put_bytes(file("timeline.jsonl"), journal + line + "\n");
        const auto report = recover();
        EXPECT_FALSE(report.take.needs_recovery) << line;
        EXPECT_FALSE(report.take.whole()) << line;
        fs::remove(file("manifest.json"));
    }
}

TEST_F(Recover, WritesATracksRowsOnceForRepeatedTrackRecords) {
    make(false);
    auto journal = bytes_of(file("timeline.jsonl"));
    for (int i = 0; i < 1000; ++i)
        journal += R"({"k":"track","track":"v1","width":1,"height":1})"
                   "\n";
    put_bytes(file("timeline.jsonl"), journal);
    expect_recovered(recover());
    const auto manifest = nlohmann::json::parse(bytes_of(file("manifest.json")));
    EXPECT_EQ(manifest["tracks"].size(), 2u);
    EXPECT_EQ(manifest["tracks"][0]["width"], 16) << "a track's first record counts";
}

TEST_F(Recover, IsIdempotentWithLargeEvents) {
    make(false);
    auto journal = bytes_of(file("timeline.jsonl"));
    const std::string text(1'000'000, 'x');
    for (int i = 0; i < 18; ++i) journal += R"({"k":"event","kind":"note","host_ns":1,"text":")" + text + "\"}\n";
    put_bytes(file("timeline.jsonl"), journal);
    expect_recovered(recover());
}

TEST_F(Recover, DoesNotCountATagAfterTheAudioAsAudio) {
    make(true);
    auto wav = bytes_of(file("audio.wav"));
    const std::string tag("LIST\x04\0\0\0INFO", 12);
    wav += tag;
    const auto riff = static_cast<std::uint32_t>(wav.size() - 8);
    for (std::size_t i = 0; i < 4; ++i) wav[4 + i] = static_cast<char>(riff >> (8 * i) & 0xff);
    put_bytes(file("audio.wav"), wav);
    EXPECT_FALSE(check().needs_recovery);
    recover();
    EXPECT_EQ(bytes_of(file("audio.wav")), wav);
}

TEST_F(Recover, IgnoresFilesWithInvalidFrameNumbers) {
    make(false);
    put_bytes(file("frames/f_9223372036854775807.jpg"), "?");
    expect_recovered(recover());
    EXPECT_TRUE(fs::exists(file("frames/f_9223372036854775807.jpg")));
}

TEST_F(Recover, RefusesATakeThatIsBeingRecorded) {
    auto writer = TakeWriter::create({dir_.path(), "t", "test", "{}", false}, read_clocks()).value();
    const auto video = writer.add_video_track({}).value();
    ASSERT_TRUE(writer.write_frame(video, tiny_jpeg(1), {}));
    const auto report = check();
    EXPECT_TRUE(report.recording);
    EXPECT_FALSE(report.needs_recovery);
    EXPECT_TRUE(report.whole()) << testing::PrintToString(report.findings);
    const auto before = snapshot(dir_.file("t"));
    const auto refused = recover_folder(dir_.file("t"), "t");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::wrong_state);
    EXPECT_EQ(snapshot(dir_.file("t")), before);
}

TEST_F(Recover, DoesNotFollowLinksOutOfTheTake) {
    make(false);
    const TempDir elsewhere;
    put_bytes(elsewhere.file("audio.wav"), "precious");
    fs::remove(file("audio.wav"));
    fs::create_symlink(elsewhere.file("audio.wav"), file("audio.wav"));
    const auto report = recover();
    EXPECT_EQ(lost(report.take, "a1", "missing"), 400u);
    EXPECT_EQ(bytes_of(elsewhere.file("audio.wav")), "precious");

    fs::create_directory_symlink(dir_.file("t"), dir_.file("linked"));
    for (const auto* name : {"linked"}) {
        const auto refused = recover_folder(dir_.file(name), name);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::refused);
    }
}

TEST_F(Recover, DoesNotChangeAnAudioFileOfAnotherProgram) {
    make(false);
    const auto ours = bytes_of(file("audio.wav"));
    auto floats = ours;
    floats[56] = 3;   // the format: floating point
    floats[70] = 32;  // bits
    for (const auto& foreign : {floats, std::string("OggS") + ours.substr(4, 8) + std::string(ours.size(), 'x')}) {
        put_bytes(file("audio.wav"), foreign);
        EXPECT_EQ(lost(check(), "a1", "missing"), static_cast<std::uint64_t>(kTakeBlocks * kBlockSamples));
        const auto report = recover();
        EXPECT_EQ(bytes_of(file("audio.wav")), foreign);
        EXPECT_THAT(report.take.findings, ::testing::Contains(HasSubstr("is not a supported WAV file")));
    }
}

TEST_F(Recover, CountsOverlappingRecordsOnceInBoundedSpace) {
    make(false);
    fs::remove(file("audio.wav"));
    constexpr int kMany = 2000;
    std::string lines;
    const TrackId audio{TrackKind::audio, 1};
    for (int i = 0; i < kMany; ++i)
        append_line(DropRecord{audio, LossCause::disk, 1, HostTime(Duration(i)), {}, 1000 + 2 * i}, lines);
    for (int i = 0; i < kMany; ++i)
        append_line(BlockRecord{audio, 1000 + i, 10'000, HostTime(Duration(i)), {}, StampSource::test, false}, lines);
    put_bytes(file("timeline.jsonl"), bytes_of(file("timeline.jsonl")) + lines);
    const auto before = fs::file_size(file("timeline.jsonl"));
    const auto report = recover();
    EXPECT_LT(fs::file_size(file("timeline.jsonl")), 3 * before);
    EXPECT_LT(report.steps.size(), 10u);
    EXPECT_EQ(lost(report.take, "a1", "missing"), static_cast<std::uint64_t>(kTakeBlocks * kBlockSamples + 10'000));
}

TEST_F(Recover, DoesNotReadAFileFarLargerThanRecorded) {
    make(false);
    fs::resize_file(file(frame(2)), std::uint64_t{200} << 20);
    EXPECT_EQ(lost(check(), "v1", "damaged"), 1u);
}

TEST_F(Recover, LimitsTheEventsInTheManifest) {
    make(false);
    std::string lines;
    for (int i = 0; i < 14; ++i)
        append_line(EventRecord{std::nullopt, "note", HostTime(Duration(i)), std::string(900'000, 'x')}, lines);
    put_bytes(file("timeline.jsonl"), bytes_of(file("timeline.jsonl")) + lines);
    expect_recovered(recover());
    EXPECT_LT(fs::file_size(file("manifest.json")), 10'000'000u);
}

TEST_F(Recover, RefusesATakeOfAnotherUser) {
    make(false);
    if (::chown(dir_.file("t").c_str(), ::geteuid() + 1, static_cast<gid_t>(-1)) != 0)
        GTEST_SKIP() << "only root can change a folder's owner";
    const auto before = snapshot(dir_.file("t"));
    const auto refused = recover_folder(dir_.file("t"), "t");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_THAT(refused.error().message, HasSubstr("another user"));
    EXPECT_EQ(snapshot(dir_.file("t")), before);
    EXPECT_TRUE(check().needs_recovery) << "checking it is allowed";
}

TEST_F(Recover, DoesNotWriteThroughHardLinks) {
    make(false);
    fs::create_hard_link(file("timeline.jsonl"), dir_.file("backup"));
    const auto refused = recover_folder(dir_.file("t"), "t");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    fs::remove(dir_.file("backup"));
    EXPECT_TRUE(recover().take.whole());
}

TEST_F(Recover, ReportsThatATakeOfAnotherUserCannotBeWritten) {
    make(false);
    constexpr uid_t kNobody = 65534;
    fs::permissions(dir_.path(), fs::perms::all);
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path()))
        fs::permissions(entry.path(), entry.is_directory() ? fs::perms(0555) : fs::perms(0444));
    const bool root = ::geteuid() == 0;
    ASSERT_EQ(root ? ::seteuid(kNobody) : 0, 0);
    const auto refused = recover_folder(dir_.file("t"), "t");
    const auto checked = check();
    ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::io);
    EXPECT_THAT(refused.error().message, HasSubstr("Permission denied"));
    EXPECT_TRUE(checked.needs_recovery) << "reading it is allowed";
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path()))
        if (entry.is_directory()) fs::permissions(entry.path(), fs::perms::all);
}

TEST(CheckWhileRecording, ReportsNoLossOfAudioThatIsAppendedMeanwhile) {
    const TempDir dir;
    auto writer = TakeWriter::create({dir.path(), "t", "test", "{}", false}, read_clocks()).value();
    AudioDescription a;
    a.sample_rate = 8000;
    a.channels = 1;
    const auto track = writer.add_audio_track(a).value();
    std::atomic<bool> written{false};
    std::thread writing([&] {
        AudioBlock block;
        block.samples.assign(80, 1);
        for (int i = 0; i < 40'000; ++i) {
            block.time = block.arrival = host_time_from_ns(1'000'000'000 + i * 10'000'000LL);
            EXPECT_TRUE(writer.write_block(track, block));
        }
        written = true;
    });
    while (!written) {
        const auto report = check_take(dir.path(), "t");
        EXPECT_TRUE(report) << report.error().message;
        if (report && !report->losses.empty()) ADD_FAILURE() << report->losses.front().which;
        if (::testing::Test::HasFailure()) break;
    }
    writing.join();
}

}  // namespace
}  // namespace onetake
