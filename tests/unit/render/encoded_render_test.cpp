#include "media/matroska_part.h"
#include "render/renderer.h"
#include "sink/take_sink.h"
#include "support/temp_dir.h"
#include "take/journal_reader.h"
#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EncodedRender : public ::testing::Test {
 protected:
    static HostTime stamp(int i) {
        return HostTime(100s) + i * Duration(33'366'700) + Duration(i * 7919 % 1000 * 3001);
    }

    /// A take of `frames`; those from `change` on are larger.
    void make(int frames, const std::string& codec = "libx264", int change = 1'000'000) {
        TakeSinkOptions options;
        options.writer.data_dir = dir_.file("takes");
        options.writer.name = "t";
        options.writer.encoded_tracks = true;
        options.on_full = OnFull::block;
        LiveVideoSettings encode{codec};
        encode.keyframe_s = 0.5;
        auto sink = TakeSink::create(options).value();
        VideoDescription video;
        video.fps = 30;
        auto* input = sink->add_video(video, {false, encode}).value();
        ASSERT_TRUE(sink->start());
        const auto pool = BufferPool::create(4);
        for (int i = 0; i < frames; ++i) {
            const bool large = i >= change;
            auto frame = testing::as_frame(
                testing::shaded_image(large ? 160 : 96, large ? 80 : 64, Chroma::s420, *pool, i), PixelFormat::i420);
            frame.stamp = {stamp(i), stamp(i), StampSource::test, {}};
            input->deliver(std::move(frame));
        }
        sink->drain();
        ASSERT_TRUE(sink->close(sink->metrics()));
    }
    RenderOptions options() const {
        RenderOptions o;
        o.take_folder = dir_.file("takes/t");
        o.out_path = dir_.file("out/t.mp4");
        o.replace_any = true;  // of the take before
        return o;
    }
    RenderReport render(const RenderOptions& o) {
        auto report = render_take(o);
        EXPECT_TRUE(report) << report.error().message;
        return report ? *report : RenderReport{};
    }
    std::string part(int n) const { return dir_.file("takes/t/video/" + part_file(n)); }
    static std::vector<std::string> hashes(const std::string& path) {
        std::istringstream lines(testing::output_of(
            fmt::format("ffmpeg -v error -i '{}' -fps_mode passthrough -f framehash -hash md5 - 2>&1", path)));
        std::vector<std::string> all;
        for (std::string line; std::getline(lines, line);)
            if (!line.empty() && line[0] != '#') all.push_back(line.substr(line.rfind(' ') + 1));
        return all;
    }
    std::vector<FrameRecord> records() const {
        std::vector<FrameRecord> all;
        auto reader = JournalReader::open(dir_.file("takes/t")).value();
        while (const auto record = reader.next().value())
            if (const auto* f = std::get_if<FrameRecord>(&*record)) all.push_back(*f);
        return all;
    }

    TempDir dir_;
};

TEST_F(EncodedRender, CopiesEveryPacketToTheTickOfItsStamp) {
    for (const auto* codec : {"libx264", "libx265", "mpeg4"}) {
        SCOPED_TRACE(codec);
        make(60, codec);
        const auto report = render(options());
        EXPECT_EQ(report.frames, 60u);
        EXPECT_THAT(report.notes, IsEmpty());
        EXPECT_EQ(hashes(options().out_path), hashes(part(1)));
        const auto times = testing::decoded_times(options().out_path, "v:0");
        ASSERT_EQ(times.size(), 60u);
        for (int i = 0; i < 60; ++i)
            EXPECT_NEAR(times[static_cast<std::size_t>(i)], to_seconds(stamp(i) - stamp(0)), 12e-6) << i;
        std::filesystem::remove_all(dir_.file("takes"));
    }
}

TEST_F(EncodedRender, EncodesAnewWhereItIsAskedTo) {
    make(30);
    auto o = options();
    o.copy_encoded = false;
    o.crf = 15;
    EXPECT_EQ(render(o).frames, 30u);
    EXPECT_EQ(testing::decoded_times(o.out_path, "v:0").size(), 30u);
    EXPECT_NE(hashes(o.out_path), hashes(part(1)));
    // The frames are the stored ones, up to the loss of encoding them again.
    const auto psnr = testing::output_of(
        fmt::format("ffmpeg -v info -i '{}' -i '{}' -lavfi "
                    "'[0:v]settb=1/30,setpts=N[a];[1:v]settb=1/30,setpts=N[b];[a][b]psnr' -f null - 2>&1",
                    o.out_path, part(1)));
    const auto at = psnr.rfind("average:");
    ASSERT_NE(at, std::string::npos) << psnr;
    EXPECT_GT(std::atof(psnr.c_str() + at + 8), 40);
    o.pixel_range = PixelRange::limited;
    EXPECT_EQ(render(o).frames, 30u);
    EXPECT_EQ(testing::probed(o.out_path)["streams"][0]["color_range"], "tv");
}

TEST_F(EncodedRender, RendersAConstantRate) {
    make(30);
    auto o = options();
    o.copy_encoded = false;
    o.cfr = 15;
    EXPECT_EQ(render(o).frames, 16u) << "one each 1/15 s, from 0 to the last frame's 0.97 s, rounded";
}

TEST_F(EncodedRender, LosesOnlyTheFramesUpToTheNextKeyframe) {
    make(60);
    const auto all = records();
    const std::size_t damaged = 20;
    ASSERT_FALSE(all[damaged].packet->key);
    {
        std::fstream file(part(1), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(all[damaged].packet->offset));
        file.write("\0\0\0\0\0\0\0\0", 8);
    }
    std::size_t next_key = damaged;
    while (!all[next_key].packet->key) ++next_key;
    const auto lost = next_key - damaged;
    ASSERT_LT(next_key, all.size());
    for (const bool copy : {true, false}) {
        auto o = options();
        o.copy_encoded = copy;
        const auto report = render(o);
        EXPECT_EQ(report.frames, all.size() - lost);
        EXPECT_EQ(report.losses.at(0).lost, lost);
        EXPECT_THAT(report.notes, Contains(HasSubstr("v1 frame 21: ")));
        EXPECT_EQ(hashes(o.out_path).size(), all.size() - lost) << "every frame is decoded, without a message";
    }
}

TEST_F(EncodedRender, FitsFramesOfAnotherSizeIntoTheFirst) {
    make(40, "libx264", 25);
    const auto report = render(options());
    EXPECT_EQ(report.frames, 40u);
    EXPECT_THAT(report.notes, Contains(HasSubstr("it was encoded anew, at 96x64")));
    EXPECT_EQ(testing::decoded_times(options().out_path, "v:0").size(), 40u);
    EXPECT_EQ(testing::probed(options().out_path)["streams"][0]["width"], 96);
}

TEST_F(EncodedRender, FollowsARecordingWithTheSamePackets) {
    make(60);
    render(options());
    const auto later = hashes(options().out_path);
    auto o = options();
    o.out_path = dir_.file("out/following.mp4");
    RenderProgress progress({});
    const auto report = render_growing_take(o, progress, [] { return false; });
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(hashes(o.out_path), later);
}

TEST_F(EncodedRender, RefusesACodecThatTheFileCannotHold) {
    make(5, "ffv1");
    const auto report = render_take(options());
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("mkv"));
    auto o = options();
    o.container = ContainerFormat::mkv;
    o.out_path = dir_.file("out/t.mkv");
    EXPECT_EQ(render(o).frames, 5u);
    EXPECT_EQ(hashes(o.out_path), hashes(part(1)));
}

TEST_F(EncodedRender, ReportsAPartThatIsMissing) {
    make(10);
    std::filesystem::remove(part(1));
    const auto report = render_take(options());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->losses.at(0).lost, 10u);
}

}  // namespace
}  // namespace onetake
