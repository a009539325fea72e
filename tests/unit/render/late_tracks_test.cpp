// Tracks that come and go while a take is recorded: in the journal, in the take's readers, and in the file.
#include "render/following_render.h"
#include "render/renderer.h"
#include "sink/take_sink.h"
#include "support/temp_dir.h"
#include "take/journal_reader.h"
#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <onetake/take.h>
#include <onetake/take_reader.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numbers>
#include <random>
#include <sstream>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr HostTime kStart{100s};
constexpr int kRate = 16000, kBlock = 320;  // 20 ms

Duration seconds(double s) {
    return duration_from_seconds(s);
}

class LateTracks : public ::testing::Test {
 protected:
    LateTracks() {
        TakeSinkOptions options;
        options.writer.data_dir = dir_.file("takes");
        options.writer.name = "t";
        options.writer.encoded_tracks = options.writer.data_tracks = options.writer.late_tracks = true;
        options.on_full = OnFull::block;
        sink_ = TakeSink::create(options).value();
    }
    VideoTrackInput* add_video() {
        VideoDescription description;
        description.fps = 10;
        VideoTrackOptions options;
        options.encode = LiveVideoSettings{"libx264"};
        options.encode->steady_rate = false;
        options.encode->keep_size = true;
        return sink_->add_video(description, options).value();
    }
    AudioTrackInput* add_audio() {
        AudioDescription description;
        description.sample_rate = kRate;
        description.channels = 1;
        description.blocksize = kBlock;
        return sink_->add_audio(description).value();
    }
    /// Frames each 0.1 s in [from, to). `noise`: they can't be compressed.
    void video(VideoTrackInput* input, double from, double to, bool noise = false) {
        std::minstd_rand random;
        for (int i = 0; from + i * 0.1 < to - 1e-9; ++i) {
            auto image = testing::shaded_image(64, 48, Chroma::s420, *pool_, i);
            for (int k = 0; noise && k < image.stride[0] * 48; ++k)
                image.writable_plane(0)[k] = static_cast<std::uint8_t>(random() >> 8);
            auto frame = testing::as_frame(image, PixelFormat::i420);
            const auto t = kStart + seconds(from + i * 0.1);
            frame.stamp = {t, t, StampSource::pushed, {}};
            ASSERT_EQ(input->deliver(std::move(frame)), Delivery::accepted);
        }
    }
    /// A tone in [from, to), of a card that runs at `rate`.
    void audio(AudioTrackInput* input, double from, double to, double rate = kRate) {
        for (int i = 0; from + i * kBlock / rate < to - 1e-9; ++i) {
            AudioBlock block;
            block.time = block.arrival = kStart + seconds(from + i * kBlock / rate);
            block.source = StampSource::pushed;
            for (int k = 0; k < kBlock; ++k) {
                const double t = (i * kBlock + k) / rate;
                block.samples.push_back(static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * 440 * t)));
            }
            ASSERT_EQ(input->deliver(std::move(block)), Delivery::accepted);
        }
    }
    void close() {
        sink_->drain();
        ASSERT_TRUE(sink_->close(sink_->metrics()));
    }
    RenderOptions options(const std::string& name) const {
        RenderOptions o;
        o.take_folder = dir_.file("takes/t");
        o.out_path = dir_.file("out/" + name);
        return o;
    }
    /// One track of each kind from the start, another pair that comes at 2 s, leaves at 3 s, and is back at 4 s.
    void record() {
        auto* v1 = add_video();
        auto* a1 = add_audio();
        ASSERT_TRUE(sink_->start());
        video(v1, 0, 2);
        audio(a1, 0, 2);
        auto* v2 = add_video();
        auto* a2 = add_audio();
        video(v2, 2, 3);
        audio(a2, 2, 3);
        video(v1, 2, 4);
        audio(a1, 2, 4);
        sink_->end_track({TrackKind::video, 2});
        sink_->end_track({TrackKind::audio, 2});
        video(v2, 4, 5);
        audio(a2, 4, 5);
        video(v1, 4, 6);
        audio(a1, 4, 6);
    }
    static std::vector<std::string> packets(const std::string& path) {
        std::vector<std::string> lines;
        const auto seen = testing::probed(
            path, "-show_packets -show_data_hash md5 -show_entries packet=stream_index,pts,dts,duration,data_hash");
        for (const auto& packet : seen["packets"]) lines.push_back(packet.dump());
        return lines;
    }

    TempDir dir_;
    std::shared_ptr<BufferPool> pool_ = BufferPool::create(4);
    std::unique_ptr<TakeSink> sink_;
};

TEST_F(LateTracks, AreInTheTakeWithEverythingTheyHad) {
    record();
    close();
    const auto report = check_take(dir_.file("takes"), "t").value();
    EXPECT_TRUE(report.whole()) << ::testing::PrintToString(report.findings);
    EXPECT_EQ(report.frames, 80u);
    EXPECT_EQ(report.samples, 8u * kRate);
    const auto reader = TakeReader::open(dir_.file("takes/t")).value();
    ASSERT_THAT(reader.video(), SizeIs(2));
    ASSERT_THAT(reader.audio(), SizeIs(2));
    EXPECT_EQ(reader.frame_times(1).size(), 20u);
    EXPECT_EQ(reader.sample_time(1, kRate).value(), to_ns(kStart + 4s)) << "the first sample after the pause";
    EXPECT_EQ(sink_->metrics().gaps, 0u) << "the time of absence is none";
    std::ifstream journal(dir_.file("takes/t/timeline.jsonl"));
    std::string first;
    std::getline(journal, first);
    EXPECT_EQ(nlohmann::json::parse(first)["format"], 4);
}

TEST_F(LateTracks, AreInTheFileAtTheirTimes) {
    record();
    close();
    const auto report = render_take(options("t.mp4"));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->frames, 80u);
    EXPECT_THAT(report->notes, IsEmpty());
    EXPECT_EQ(report->origin, kStart);
    const auto late = testing::decoded_times(report->path, "v:1");
    ASSERT_THAT(late, SizeIs(20));
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_NEAR(late[i], (i < 10 ? 2.0 : 3.0) + 0.1 * static_cast<double>(i), 12e-6) << i;
    EXPECT_THAT(testing::decoded_times(report->path, "v:0"), SizeIs(60));
    // The tone is there and silence in between.
    const auto bytes = testing::output_of(
        fmt::format("ffmpeg -v error -i '{}' -map 0:a:1 -f s16le - | od -An -v -w2 -td2", report->path));
    std::istringstream values(bytes);
    std::vector<int> samples;
    for (int v = 0; values >> v;) samples.push_back(v);
    const auto loudest = [&](double from, double to) {
        int peak = 0;
        for (auto i = static_cast<std::size_t>(from * kRate); i < static_cast<std::size_t>(to * kRate); ++i)
            peak = std::max(peak, std::abs(samples.at(i)));
        return peak;
    };
    EXPECT_LT(loudest(0, 1.9), 100);
    EXPECT_GT(loudest(2.1, 2.9), 6000);
    EXPECT_LT(loudest(3.1, 3.9), 100);
    EXPECT_GT(loudest(4.1, 4.9), 6000);
}

TEST_F(LateTracks, ComeIntoAFileThatFollowsTheRecording) {
    FollowingRender following(options("live.mp4"), true);
    following.start();
    record();
    close();
    following.take_is_complete(6s);
    const auto live = following.wait();
    ASSERT_TRUE(live) << live.error().message;
    const auto later = render_take(options("later.mp4"));
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_THAT(packets(live->path), SizeIs(::testing::Gt(200u)));
    EXPECT_EQ(packets(live->path), packets(later->path));
    for (const auto& entry : std::filesystem::directory_iterator(dir_.file("out")))
        EXPECT_EQ(entry.path().extension(), ".mp4") << "nothing is left of the file that began without them";
}

TEST_F(LateTracks, ComeIntoAFileThatIsFarAlready) {
    FollowingRender following(options("live.mp4"), true);
    following.start();
    auto* v1 = add_video();
    auto* a1 = add_audio();
    ASSERT_TRUE(sink_->start());
    for (int s = 0; s < 40; ++s) {
        video(v1, s, s + 1, true);
        audio(a1, s, s + 1);
    }
    const auto written = [&] {
        std::error_code ec;
        for (const auto& entry : std::filesystem::directory_iterator(dir_.file("out"), ec))
            return entry.file_size(ec) > 100'000;
        return false;
    };
    const auto deadline = deadline_in(60s);
    while (!written() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
    ASSERT_TRUE(written());
    auto* a2 = add_audio();
    audio(a2, 40, 42);
    audio(a1, 40, 42);
    close();
    following.take_is_complete(42s);
    const auto live = following.wait();
    ASSERT_TRUE(live) << live.error().message;
    const auto later = render_take(options("later.mp4"));
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_EQ(packets(live->path), packets(later->path));
}

TEST_F(LateTracks, DataThatComeWhenTheFileHasBegunAreBesideIt) {
    auto* v1 = add_video();
    auto* d1 = sink_->add_data({}).value();
    ASSERT_TRUE(sink_->start());
    FollowingRender following(options("live.mp4"), true);
    following.start();
    video(v1, 0, 4);
    const auto has_begun = [&] {
        std::error_code ec;
        return std::filesystem::directory_iterator(dir_.file("out"), ec) != std::filesystem::directory_iterator();
    };
    const auto deadline = deadline_in(60s);
    while (!has_begun() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
    ASSERT_TRUE(has_begun());
    for (int i = 0; i < 10; ++i) {
        const auto t = kStart + 4s + i * 10ms;
        ASSERT_EQ(d1->deliver({{1, 2, 3}, t, t}), Delivery::accepted);
    }
    video(v1, 4, 5);
    close();
    following.take_is_complete(5s);
    const auto report = following.wait();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->frames, 50u);
    std::ifstream lines(dir_.file("out/live.d1.jsonl"));
    EXPECT_EQ(std::count(std::istreambuf_iterator<char>(lines), {}, '\n'), 10);
}

TEST_F(LateTracks, ASilentTrackHoldsNobodyUp) {
    auto* v1 = add_video();
    auto* v2 = add_video();
    auto* v3 = add_video();
    ASSERT_TRUE(sink_->start());
    FollowingRender following(options("live.mp4"), true);
    following.start();
    video(v2, 0, 1);
    video(v3, 0, 1);
    sink_->end_track({TrackKind::video, 3});
    video(v1, 0, 40, true);
    // The part grows although two tracks have nothing.
    const auto written = [&] {
        std::error_code ec;
        for (const auto& entry : std::filesystem::directory_iterator(dir_.file("out"), ec))
            return entry.file_size(ec) > 200'000;
        return false;
    };
    const auto deadline = deadline_in(60s);
    while (!written() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(written());
    video(v2, 40, 41);
    close();
    following.take_is_complete(41s);
    const auto report = following.wait();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->frames, 430u);
    // Players need what belongs together in time near each other in the file.
    const auto seen = testing::probed(report->path, "-show_packets -show_entries packet=dts_time,pos");
    std::vector<std::pair<long, double>> places;
    for (const auto& packet : seen["packets"])
        places.emplace_back(std::stol(packet["pos"].get<std::string>()),
                            std::stod(packet["dts_time"].get<std::string>()));
    std::ranges::sort(places);
    double latest = 0;
    for (const auto& [place, time] : places) {
        EXPECT_GT(time, latest - 6.5);
        latest = std::max(latest, time);
    }
}

TEST_F(LateTracks, AnotherSoundCardAfterAPauseHasItsOwnClock) {
    auto* v1 = add_video();
    auto* a1 = add_audio();
    ASSERT_TRUE(sink_->start());
    video(v1, 0, 1);
    audio(a1, 0, 20, kRate * 1.002);
    sink_->end_track({TrackKind::audio, 1});
    audio(a1, 25, 45, kRate * 0.998);
    close();
    const auto reader = TakeReader::open(dir_.file("takes/t")).value();
    const auto in_first = static_cast<std::int64_t>(19.5 * kRate * 1.002);
    EXPECT_NEAR(static_cast<double>(reader.sample_time(0, in_first).value()), to_ns(kStart) + 19.5e9, 0.2e6);
    std::int64_t first_again = 0;
    for (const auto& span : reader.sample_spans(0))
        if (span.after_gap) first_again = span.first_sample;
    const auto in_second = first_again + static_cast<std::int64_t>(19.5 * kRate * 0.998);
    EXPECT_NEAR(static_cast<double>(reader.sample_time(0, first_again).value()), to_ns(kStart) + 25e9, 0.2e6);
    EXPECT_NEAR(static_cast<double>(reader.sample_time(0, in_second).value()), to_ns(kStart) + 44.5e9, 0.2e6);
}

TEST_F(LateTracks, SurviveAKillAtAnyRecord) {
    record();
    close();
    std::ifstream file(dir_.file("takes/t/timeline.jsonl"));
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    std::vector<std::size_t> ends;
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) ends.push_back(++at);
    const auto records = ends.size();
    // Around each record of a track, and at some others.
    for (std::size_t i = 6; i < records; i += 29) {
        const auto folder = dir_.file(fmt::format("cut/{}", i));
        std::filesystem::create_directories(folder);
        std::filesystem::copy(dir_.file("takes/t"), folder + "/t", std::filesystem::copy_options::recursive);
        std::filesystem::remove(folder + "/t/manifest.json");
        std::filesystem::resize_file(folder + "/t/timeline.jsonl", ends[i] - (i % 2 == 0 ? 0 : 3));
        const auto report = recover_take(folder, "t");
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_TRUE(report->take.closed);
        RenderOptions o;
        o.take_folder = folder + "/t";
        o.out_path = folder + "/t.mp4";
        const auto rendered = render_take(o);
        if (report->take.frames + report->take.samples > 0) {
            ASSERT_TRUE(rendered) << rendered.error().message;
            EXPECT_EQ(rendered->frames, report->take.frames);
        }
    }
}

TEST_F(LateTracks, NeedATakeThatIsMadeForThem) {
    TakeSinkOptions options;
    options.writer.data_dir = dir_.file("takes");
    options.writer.name = "fixed";
    const auto sink = TakeSink::create(options).value();
    ASSERT_TRUE(sink->start());
    AudioDescription description;
    description.sample_rate = kRate;
    description.channels = 1;
    const auto added = sink->add_audio(description);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace onetake
