// Rooms: tracks that come and go, layers, layouts, errors, recovery.
#include "unit/record/room_fixture.h"

#include <onetake/take.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>
#include <stdexcept>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using testing::click_near;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kColours;
using testing::Rgb;
using testing::RoomTest;
using ::testing::SizeIs;

TEST_F(RoomTest, KeepsEveryTrackAsAStreamAtItsOwnTimes) {
    open();
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    const auto screen = join("bob", RoomMedia::screen_share);
    video(camera, red_, 0, 3);
    clicks(sound, {}, 0, 3);
    video(screen, green_, 0.5, 3, 5);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_TRUE(std::regex_search(result.path, std::regex("/room_[0-9a-f]{12}_[0-9]{8}T[0-9]{6}\\.mp4$")))
        << result.path;
    EXPECT_THAT(titles(result.path), ElementsAre("alice (video)", "alice (audio)", "bob (screen share)"));
    EXPECT_THAT(testing::decoded_times(result.path, "v:0"), SizeIs(30));
    const auto shared = testing::decoded_times(result.path, "v:1");
    ASSERT_THAT(shared, SizeIs(13));
    EXPECT_NEAR(shared[0], 0.5, 12e-6);
    EXPECT_EQ(result.size_bytes, fs::file_size(result.path));
    EXPECT_NEAR(result.duration_s, 3, 0.25);
    EXPECT_EQ(std::distance(fs::directory_iterator(config_.storage), {}), 1) << "the take was removed";
    expect_colour(pixel(result.path, "v:0", 1, 40, 30), kColours[0]);
    expect_colour(pixel(result.path, "v:1", 1, 40, 30), kColours[1]);
}

TEST_F(RoomTest, ATrackThatNeverDeliversCostsTheOthersNothing) {
    open();
    const auto silent = join("ghost", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    clicks(sound, {}, 0, 6);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    ASSERT_THAT(result.tracks, SizeIs(2));
    EXPECT_THAT(result.tracks[0].intervals, IsEmpty());
    EXPECT_EQ(result.tracks[1].written, 6u * 16000);
    const auto audio = testing::decoded_audio(result.path);
    for (int s = 1; s <= 5; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
}

TEST_F(RoomTest, MayBeginWhenEveryTrackHasDelivered) {
    config_.start_when = RoomStart::all_tracks;
    for (const bool all_come : {true, false}) {
        open();
        const auto sound = join("alice", RoomMedia::audio), camera = join("bob", RoomMedia::video);
        clicks(sound, {}, 0, 2.5);
        if (all_come) video(camera, red_, 2.505, 3.2);
        clicks(sound, {}, 2.5, 8);
        const auto result = close();
        EXPECT_THAT(result.failures, IsEmpty());
        const auto audio = testing::decoded_audio(result.path);
        const double cut = all_come ? 2.505 : 0;
        for (int s = all_come ? 3 : 1; s <= 7; ++s) EXPECT_NEAR(click_near(audio, s - cut), s - cut, 0.001) << all_come;
        EXPECT_NEAR(result.duration_s, 8 - cut, 0.2);
        EXPECT_EQ(
            std::ranges::any_of(result.notes, [](const auto& n) { return n.find("begins without it") != n.npos; }),
            !all_come);
    }
}

TEST_F(RoomTest, WhoLeavesBeforeTheFileBeginsIsInIt) {
    config_.start_when = RoomStart::all_tracks;
    for (const bool ends : {true, false}) {
        open();
        const auto camera = join("alice", RoomMedia::video);
        join("bob", RoomMedia::audio);
        const auto sound = join("carol", RoomMedia::audio);
        video(camera, red_, 0, 2);
        clicks(sound, {}, 0, 2);
        if (!ends) {
            ASSERT_TRUE(room_->leave(camera));
            clicks(sound, {}, 2, 8);  // bob is awaited for 5 s
        }
        const auto result = close();
        EXPECT_THAT(result.failures, IsEmpty());
        ASSERT_THAT(result.tracks, SizeIs(::testing::Ge(2)));
        EXPECT_EQ(result.tracks[0].delivered, 20u) << ends;
        EXPECT_EQ(result.tracks[0].written, 20u) << ends;
        EXPECT_THAT(testing::decoded_times(result.path, "v:0"), SizeIs(20)) << ends;
        EXPECT_NEAR(result.tracks[0].intervals.at(0).to_s, 1.9, 0.11);
    }
}

TEST_F(RoomTest, ListsWhoWasThereWhen) {
    open();
    const auto alice = join("alice", RoomMedia::video);
    video(alice, red_, 0, 2);
    auto bob = join("bob", RoomMedia::video);
    auto bobs_sound = join("bob", RoomMedia::audio);
    video(bob, green_, 2, 4);
    clicks(bobs_sound, {}, 2, 4);
    room_->leave("bob");
    video(alice, red_, 2, 6);
    bob = join("bob", RoomMedia::video);
    video(bob, green_, 6, 7);
    video(bob, green_, 8, 8.5);  // with a gap of a second
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    ASSERT_THAT(result.tracks, SizeIs(3));
    const auto expect = [](const RecordedInterval& got, double from, double to) {
        EXPECT_NEAR(got.from_s, from, 0.001);
        EXPECT_NEAR(got.to_s, to, 0.101);
    };
    ASSERT_THAT(result.tracks[0].intervals, SizeIs(1));
    expect(result.tracks[0].intervals[0], 0, 6);
    ASSERT_THAT(result.tracks[1].intervals, SizeIs(2));
    expect(result.tracks[1].intervals[0], 2, 4);
    expect(result.tracks[1].intervals[1], 6, 8.5);
    ASSERT_THAT(result.tracks[1].gaps, SizeIs(1));
    expect(result.tracks[1].gaps[0], 6.9, 8);
    ASSERT_THAT(result.tracks[2].intervals, SizeIs(1));
    const auto times = testing::decoded_times(result.path, "v:1");
    ASSERT_THAT(times, SizeIs(35)) << "who comes again is in the same stream";
    EXPECT_NEAR(times[20], 6, 12e-6);
    EXPECT_NEAR(click_near(testing::decoded_audio(result.path), 3), 3, 0.001);
}

TEST_F(RoomTest, RecordsWhatIsNotOptedOutOf) {
    room_config_.record.screen_share = false;
    open();
    auto others = std::make_shared<MockMediaRecorder>();
    ASSERT_TRUE(room_->bind({others, {.video = false}, {}}));
    const auto sound = join("alice", RoomMedia::audio), camera = join("alice", RoomMedia::video);
    const auto screen = join("alice", RoomMedia::screen_share);
    const auto shy = room_->join("bob", {.media = RoomMedia::video, .record = false}).value();
    clicks(sound, {}, 0, 1);
    video(camera, red_, 0, 1);
    video(screen, green_, 0, 1);
    video(shy, green_, 0, 1);
    const auto result = close();
    ASSERT_THAT(result.tracks, SizeIs(2));
    EXPECT_THAT(others->tracks(), SizeIs(1));
    EXPECT_THAT(others->removed_tracks(), SizeIs(1));
    EXPECT_THAT(others->chunks(), SizeIs(50));
    EXPECT_EQ(others->results().at(0).size_bytes, 32000u);
    EXPECT_NEAR(others->chunks().at(1).timestamp_ms, (begin_ + 0.02) * 1e3, 1e-4);
}

TEST_F(RoomTest, LayersRecordBesideEachOther) {
    open();
    VideoRecordingConfig single;
    single.storage = dir_.file("video");
    single.on_full = OnFull::block;
    auto videos = std::make_shared<VideoSessionRecorder>(std::shared_ptr(VideoRecorder::create(single).value()));
    ASSERT_TRUE(room_->bind({videos, {}, {}}));
    ASSERT_TRUE(room_->bind({std::make_shared<WavFileRecorder>(dir_.file("audio")), {}, {}}));
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    video(camera, red_, 0, 2);
    clicks(sound, {}, 0, 2, [](double t) { return t < 0.8 || t > 0.9; });
    const auto results = room_->close();
    ASSERT_THAT(results, SizeIs(3));
    for (const auto& result : results) {
        EXPECT_THAT(result.errors, IsEmpty());
        EXPECT_THAT(result.recording.failures, IsEmpty());
    }
    EXPECT_THAT(testing::decoded_times(results[0].recording.path, "v:0"), SizeIs(20));
    ASSERT_THAT(videos->results(), SizeIs(1));
    EXPECT_THAT(testing::decoded_times(videos->results()[0].path, "v:0"), SizeIs(20));
    EXPECT_NEAR(click_near(testing::decoded_audio(results[2].recording.path), 1), 1, 0.001) << "silence was put in";
    EXPECT_EQ(results[2].recording.tracks.at(0).written, 16000u * 2 - 6 * 320) << "six blocks are missing";

    // Its next recording has nothing of this one.
    room_ = Room::create(room_config_).value();
    ASSERT_TRUE(room_->bind({videos, {}, {}}));
    video(join("bob", RoomMedia::video), red_, 0, 1);
    const auto second = room_->close();
    ASSERT_THAT(videos->results(), SizeIs(2));
    EXPECT_EQ(second.at(0).recording.path, videos->results()[1].path);
    EXPECT_EQ(second.at(0).recording.size_bytes, videos->results()[1].bytes);
}

TEST_F(RoomTest, AnEncoderThatIsNotThereIsAnErrorOrReplaced) {
    config_.video_codec = "h264_nvenc";
    auto recorder = FileMediaRecorder::create(config_);
    const auto started = recorder ? (*recorder)->on_recording_start({}) : fail(recorder.error());
    if (started) GTEST_SKIP() << "this machine has NVENC";
    EXPECT_THAT(started.error().message, HasSubstr("h264_nvenc"));
    config_.video_codec = "auto";
    open();
    const auto camera = join("alice", RoomMedia::video);
    video(camera, red_, 0, 1);
    const auto result = close();
    EXPECT_EQ(result.codec, "libx264");
    EXPECT_THAT(result.notes, Contains(HasSubstr("h264_nvenc can't be used here")));
}

/// A back end of a program's own that does what a test says.
class BackEnd : public MediaRecorder {
 public:
    std::function<void()> on_each = [] {};
    std::string name() const override { return "own"; }
    Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig&) override {
        return MediaRecordingHandle{1};
    }
    Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle&) override {
        MediaRecordingResult result;
        result.path = "https://example.org/recording";
        return result;
    }
    Status on_track_added(const MediaRecordingHandle&, const RecordingTrack&) override { return {}; }
    Status on_track_removed(const MediaRecordingHandle&, const RecordingTrack&) override { return {}; }
    Status on_data(const MediaRecordingHandle&, const RecordingTrack&, const MediaData&, double) override {
        on_each();
        return {};
    }
    double stop_timeout_s() const override { return 0.05; }
};

TEST_F(RoomTest, ABackEndThatThrowsOrBlocksHarmsNobody) {
    room_config_.on_full = OnFull::drop;
    room_config_.queue_size = 100;
    open();
    auto throwing = std::make_shared<BackEnd>(), stuck = std::make_shared<BackEnd>();
    throwing->on_each = [] { throw std::runtime_error("no network"); };
    std::promise<void> release;
    stuck->on_each = [ready = release.get_future().share()] { ready.wait(); };
    ASSERT_TRUE(room_->bind({throwing, {}, "throwing"}));
    ASSERT_TRUE(room_->bind({stuck, {}, "stuck"}));
    const auto camera = join("alice", RoomMedia::video, 100), sound = join("alice", RoomMedia::audio);
    video(camera, red_, 0, 0.9, 100);
    clicks(sound, {}, 0, 2);
    // The stuck one has its first item in hand; of the others as many as fit are queued.
    video(camera, red_, 0.9, 2, 100);
    const auto results = room_->close();
    release.set_value();
    ASSERT_THAT(results, SizeIs(3));
    EXPECT_TRUE(results[0].returned);
    EXPECT_THAT(results[0].recording.failures, IsEmpty());
    EXPECT_EQ(results[0].recording.tracks.at(1).written, 32000u) << "audio is never dropped";
    EXPECT_TRUE(results[1].returned);
    EXPECT_THAT(results[1].errors, Contains(HasSubstr("no network")));
    EXPECT_EQ(results[1].recording.path, "https://example.org/recording");
    std::uint64_t failed = 0;
    for (const auto& loss : results[1].losses) failed += loss.failed + loss.dropped;
    EXPECT_EQ(failed, 300u);
    EXPECT_FALSE(results[2].returned);
    std::uint64_t dropped = 0, audio_dropped = 0;
    for (const auto& loss : results[2].losses)
        (loss.media == RoomMedia::audio ? audio_dropped : dropped) += loss.dropped;
    EXPECT_EQ(dropped, 199u) << "all but the one in hand";
    EXPECT_EQ(audio_dropped, 100u);
}

TEST_F(RoomTest, ABackEndWhoseNameAndTimeoutThrowHarmsNobody) {
    struct Throwing final : BackEnd {
        std::string name() const override { throw std::runtime_error("no name"); }
        double stop_timeout_s() const override { throw std::runtime_error("no timeout"); }
    };
    open();
    ASSERT_TRUE(room_->bind({std::make_shared<Throwing>(), {}, {}}));
    video(join("alice", RoomMedia::video), red_, 0, 1);
    const auto results = room_->close();
    ASSERT_THAT(results, SizeIs(2));
    EXPECT_THAT(testing::decoded_times(results[0].recording.path, "v:0"), SizeIs(10));
    EXPECT_EQ(results[1].name, "recorder");
    EXPECT_THAT(results[1].errors, Contains(HasSubstr("no timeout")));
}

TEST_F(RoomTest, ACallbackThatClosesTheRoomWaitsForNothing) {
    open();
    std::atomic<int> calls = 0;
    recorder_->on_progress([&](const Progress&) {
        ++calls;
        EXPECT_THAT(room_->close(), IsEmpty());
    });
    video(join("alice", RoomMedia::video), red_, 0, 2);
    const auto result = close();
    EXPECT_GT(calls, 0);
    EXPECT_THAT(testing::decoded_times(result.path, "v:0"), SizeIs(20));
}

TEST_F(RoomTest, ARecorderMayCloseAnotherRoom) {
    struct Bridge final : BackEnd {
        Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle&) override {
            inner = room->close();
            room.reset();
            return MediaRecordingResult{};
        }
        std::unique_ptr<Room> room = Room::create({}).value();
        std::vector<RoomRecorderResult> inner;
    };
    open();
    const auto bridge = std::make_shared<Bridge>();
    const auto mock = std::make_shared<MockMediaRecorder>();
    ASSERT_TRUE(bridge->room->bind({mock, {}, {}}));
    ASSERT_TRUE(bridge->room->join("alice", {}));
    ASSERT_TRUE(room_->bind({bridge, {}, {}}));
    video(join("alice", RoomMedia::video), red_, 0, 1);
    ASSERT_THAT(room_->close(), SizeIs(2));
    ASSERT_THAT(bridge->inner, SizeIs(1));
    EXPECT_TRUE(bridge->inner[0].returned);
}

TEST_F(RoomTest, RefusesWhatCanNotBe) {
    open();
    EXPECT_FALSE(room_->bind({}));
    EXPECT_FALSE(room_->join("", {}));
    EXPECT_FALSE(room_->join("alice", {.media = RoomMedia::audio, .channels = 9}));
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    auto cut = red_.at(begin_);
    cut.bytes = cut.bytes.first(100);
    EXPECT_FALSE(room_->push_video(camera, cut));
    EXPECT_FALSE(room_->push_video(sound, red_.at(begin_)));
    EXPECT_FALSE(room_->push_audio(camera, std::vector<std::int16_t>(10)));
    EXPECT_FALSE(room_->push_audio(sound, {}));
    ASSERT_TRUE(room_->leave(camera));
    EXPECT_FALSE(room_->leave(camera));
    EXPECT_EQ(room_->push_video(camera, red_.at(begin_)).error().code, ErrorCode::not_found);
    const auto results = room_->close();
    EXPECT_EQ(room_->join("bob", {}).error().code, ErrorCode::wrong_state);
    EXPECT_EQ(results[0].recording.path, "") << "nothing came, so there is no file";
    EXPECT_TRUE(fs::is_empty(config_.storage));
}

TEST_F(RoomTest, ACompositeOfOneVideoKeepsItsStamps) {
    config_.layout = RoomLayout::composite;
    open();
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    std::vector<double> times;
    for (int i = 0; i < 40; ++i) times.push_back(i / 14.83 + 0.01 * std::sin(i * 2.3));
    for (const double t : times) ASSERT_TRUE(room_->push_video(camera, red_.at(begin_ + 0.05 + t)));
    clicks(sound, {}, 0, 3);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    const auto got = testing::decoded_times(result.path, "v:0");
    ASSERT_THAT(got, SizeIs(40));
    for (std::size_t i = 0; i < 40; ++i) EXPECT_NEAR(got[i], 0.05 + times[i], 12e-6);
    EXPECT_EQ(result.tracks.at(0).written, 40u);
    const auto audio = testing::decoded_audio(result.path);
    for (int s = 1; s <= 2; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
}

TEST_F(RoomTest, ACompositeShowsWhoIsThereAndMixesTheSound) {
    config_.layout = RoomLayout::composite;
    open();
    const auto alice = join("alice", RoomMedia::video), hers = join("alice", RoomMedia::audio);
    std::optional<RecordingTrack> bob, his;
    for (int tenth = 0; tenth < 60; ++tenth) {
        const double t = tenth * 0.1;
        if (tenth == 20) {
            bob = join("bob", RoomMedia::video);
            his = join("bob", RoomMedia::audio);
        }
        if (tenth == 40) room_->leave("bob");
        video(alice, red_, t, t + 0.1);
        clicks(hers, {}, t, t + 0.1);
        if (tenth >= 20 && tenth < 40) {
            video(*bob, green_, t, t + 0.1);
            clicks(*his, {}, t, t + 0.1);
        }
    }
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(testing::probed(result.path)["streams"], SizeIs(2));
    // Alone in the middle; beside each other; alone again.
    expect_colour(pixel(result.path, "v:0", 1, 160, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 80, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 240, 80), kColours[1]);
    expect_colour(pixel(result.path, "v:0", 5.5, 160, 80), kColours[0]);
    const auto audio = testing::decoded_audio(result.path);
    const auto peak = [&](double second) {
        float loudest = 0;
        for (auto i = static_cast<std::size_t>((second - 0.05) * 16000);
             i < static_cast<std::size_t>((second + 0.05) * 16000); ++i)
            loudest = std::max(loudest, std::abs(audio.at(i)));
        return loudest;
    };
    for (int s = 1; s <= 5; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
    EXPECT_GT(peak(3), 1.4F * peak(1)) << "two clicks are louder than one";
    EXPECT_LE(peak(3), 1.0F);
    ASSERT_THAT(result.tracks, SizeIs(4));
    EXPECT_EQ(result.tracks[2].media, RoomMedia::video);
    EXPECT_NEAR(result.tracks[2].intervals.at(0).from_s, 2, 0.001);
}

TEST_F(RoomTest, WhoIsOnlyHeardHasATile) {
    config_.layout = RoomLayout::composite;
    open();
    const auto alice = join("alice", RoomMedia::video), hers = join("alice", RoomMedia::audio);
    std::optional<RecordingTrack> bob;
    for (int tenth = 0; tenth < 60; ++tenth) {
        const double t = tenth * 0.1;
        if (tenth == 20) bob = join("bob", RoomMedia::audio);
        if (tenth == 40) room_->leave("bob");
        if (tenth >= 20 && tenth < 40) clicks(*bob, {}, t, t + 0.1);
        video(alice, red_, t, t + 0.1);
        clicks(hers, {}, t, t + 0.1);
    }
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    // Alone in the middle; beside a plain tile, which has the name in its middle; alone again.
    constexpr Rgb kPlain{"plain", 40, 40, 40};
    expect_colour(pixel(result.path, "v:0", 1, 160, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 80, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 300, 20), kPlain);
    expect_colour(pixel(result.path, "v:0", 5.5, 160, 80), kColours[0]);
    const auto times = testing::decoded_times(result.path, "v:0");
    ASSERT_THAT(times, SizeIs(60)) << "one video is active: its frames keep their own stamps";
    for (std::size_t i = 0; i < 60; ++i) EXPECT_NEAR(times[i], static_cast<double>(i) / 10, 12e-6);
}

TEST_F(RoomTest, ALateTrackComesIntoTheFile) {
    config_.format = ContainerFormat::mkv;
    open();
    std::vector<Progress> progress;  // of one thread, which ends before close() returns
    recorder_->on_progress([&](const Progress& p) { progress.push_back(p); });
    const auto alice = join("alice", RoomMedia::video);
    video(alice, red_, 0, 10);
    const auto bob = join("bob", RoomMedia::video), his = join("bob", RoomMedia::audio);
    video(bob, green_, 10, 12);
    clicks(his, {}, 10, 12);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(titles(result.path), ElementsAre("alice (video)", "bob (video)", "bob (audio)"));
    const auto streams = testing::probed(result.path)["streams"];
    EXPECT_EQ(streams[0]["tags"]["PARTICIPANT"], "alice");
    EXPECT_EQ(streams[0]["tags"]["KIND"], "video");
    EXPECT_EQ(streams[2]["tags"]["PARTICIPANT"], "bob");
    EXPECT_EQ(streams[2]["tags"]["KIND"], "audio");
    ASSERT_THAT(progress, ::testing::Not(IsEmpty())) << "the progress of the copy is reported";
    for (const auto& p : progress) EXPECT_EQ(p.phase, Progress::Phase::rendering);
    EXPECT_EQ(progress.back().fraction, 1);
    EXPECT_EQ(progress.back().frames, 120u);
    const auto times = testing::decoded_times(result.path, "v:1");
    ASSERT_THAT(times, SizeIs(20));
    EXPECT_NEAR(times[0], 10, 0.0005);
    EXPECT_NEAR(click_near(testing::decoded_audio(result.path), 11), 11, 0.001);
}

TEST_F(RoomTest, RecoversTheFileOfAKilledProgram) {
    for (const auto layout : {RoomLayout::tracks, RoomLayout::composite}) {
        config_.layout = layout;
        config_.keep_take = true;
        open();
        const auto alice = join("alice", RoomMedia::video), hers = join("alice", RoomMedia::audio);
        video(alice, red_, 0, 3);
        clicks(hers, {}, 0, 3);
        const auto result = close();
        // As it lies after a kill: no file, no manifest, the journal without its end.
        fs::remove(result.path);
        ASSERT_TRUE(fs::remove(fs::path(result.take) / "manifest.json")) << "a take that is kept has one";
        const auto journal = fs::path(result.take) / "timeline.jsonl";
        fs::resize_file(journal, fs::file_size(journal) - 10);
        const auto recovered = recover_recordings(config_.storage).value();
        ASSERT_THAT(recovered, SizeIs(1));
        EXPECT_THAT(recovered[0].failures, IsEmpty());
        EXPECT_EQ(recovered[0].path, result.path);
        EXPECT_THAT(testing::decoded_times(result.path, "v:0"), SizeIs(30));
        EXPECT_EQ(testing::probed(result.path)["streams"][1]["sample_rate"], "16000");
        EXPECT_NEAR(click_near(testing::decoded_audio(result.path), 2), 2, 0.001);
        fs::remove_all(config_.storage);
    }
}

}  // namespace
}  // namespace onetake
