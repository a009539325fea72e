#include "render/renderer.h"

#include "render/following_render.h"
#include "unit/container/probe.h"
#include "unit/render/small_media_take.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RendererTest : public ::testing::Test {
 protected:
    RenderOptions options() const {
        RenderOptions o;
        o.take_folder = dir_.file("takes/t");
        o.out_path = dir_.file("out/t.mp4");
        o.preset = "ultrafast";
        return o;
    }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        if (fs::exists(dir_.file("out")))
            for (const auto& entry : fs::directory_iterator(dir_.file("out"))) names.push_back(entry.path().filename());
        return names;
    }
    void make(int frames, bool audio = true) {
        SmallMediaTake take(dir_.file("takes"), audio);
        take.add(frames);
        take.close();
    }

    TempDir dir_;
};

TEST_F(RendererTest, RendersEveryFrameAndReportsThem) {
    make(10);
    const auto report = render_take(options());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->path, options().out_path);
    EXPECT_EQ(report->frames, 10u);
    for (const auto& loss : report->losses) EXPECT_EQ(loss.lost, 0u);
    EXPECT_THAT(report->notes, IsEmpty());
    EXPECT_THAT(files(), ::testing::ElementsAre("t.mp4"));
}

TEST_F(RendererTest, KeepsATrackThatBeginsHoursAfterTheOthers) {
    SmallMediaTake take(dir_.file("takes"));
    take.add_frame(SmallMediaTake::begin() + std::chrono::hours(7));
    take.add_block(SmallMediaTake::begin(), false);
    take.close();
    for (const auto container : {ContainerFormat::mp4, ContainerFormat::mkv}) {
        auto o = options();
        o.container = container;
        o.out_path = dir_.file(container == ContainerFormat::mp4 ? "out/t.mp4" : "out/t.mkv");
        const auto report = render_take(o);
        ASSERT_TRUE(report) << report.error().message;
        for (const auto& loss : report->losses) EXPECT_EQ(loss.lost, 0u) << o.out_path;
        EXPECT_THAT(testing::decoded_times(o.out_path, "v:0"),
                    ::testing::ElementsAre(::testing::DoubleNear(7 * 3600, 0.001)));
    }
}

TEST_F(RendererTest, MakesTheSameFileEachTime) {
    make(10);
    ASSERT_TRUE(render_take(options()));
    const auto bytes = [&] {
        std::ifstream file(options().out_path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const auto first = bytes();
    ASSERT_TRUE(render_take(options()));
    EXPECT_EQ(bytes(), first);
}

TEST_F(RendererTest, ReportsWhatIsMissingAndRendersTheRest) {
    make(10);
    fs::remove(dir_.file("takes/t/frames/f_000004.jpg"));
    const auto report = render_take(options());
    ASSERT_TRUE(report);
    EXPECT_EQ(report->frames, 9u);
    EXPECT_EQ(report->losses[0].lost, 1u);
    EXPECT_THAT(report->notes, Contains(HasSubstr("v1 frame 4")));
}

TEST_F(RendererTest, LeavesNoFileWhereItIsCancelled) {
    make(10);
    auto o = options();
    std::stop_source cancel;
    cancel.request_stop();
    o.cancel = cancel.get_token();
    const auto report = render_take(o);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::cancelled);
    EXPECT_THAT(files(), IsEmpty());
}

TEST_F(RendererTest, KeepsAnEarlierRenderingWhereItFails) {
    make(10);
    ASSERT_TRUE(render_take(options()));
    const auto size = fs::file_size(options().out_path);
    auto o = options();
    o.codec = "no_such_encoder";
    EXPECT_FALSE(render_take(o));
    EXPECT_EQ(fs::file_size(options().out_path), size);
    EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(RendererTest, RefusesAConstantRateForCopiedJpegs) {
    make(2, false);
    auto o = options();
    o.codec = "copy";
    o.cfr = 25;
    EXPECT_EQ(render_take(o).error().code, ErrorCode::invalid_argument);
}

TEST_F(RendererTest, RefusesATakeOfWhichNothingCanBeRead) {
    make(2, false);
    for (const auto* name : {"f_000001.jpg", "f_000002.jpg"}) fs::resize_file(dir_.file("takes/t/frames/") + name, 10);
    const auto report = render_take(options());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::corrupt);
    EXPECT_THAT(report.error().message, HasSubstr("onetake check"));
    EXPECT_THAT(files(), IsEmpty());
}

TEST_F(RendererTest, WritesAConstantRateWithAMapOfItsFrames) {
    make(10, false);
    auto o = options();
    o.cfr = 20;
    const auto report = render_take(o);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->frames, 19u) << "one each 50 ms, from 0 to the last frame's 900 ms";
    const auto map = dir_.file("out/t.frames.csv");
    ASSERT_TRUE(fs::exists(map));
    // A lesser rendering replaces neither the file nor its map.
    const auto size = fs::file_size(map);
    for (const int frame : {8, 9, 10}) fs::remove(dir_.file(fmt::format("takes/t/frames/f_{:06}.jpg", frame)));
    const auto lesser = render_take(o);
    ASSERT_FALSE(lesser);
    EXPECT_EQ(lesser.error().code, ErrorCode::refused);
    EXPECT_EQ(fs::file_size(map), size);
}

TEST_F(RendererTest, ReportsProgressUpToTheEnd) {
    make(10);
    auto o = options();
    double last = -1;
    o.on_progress = [&](const Progress& p) { last = p.fraction; };
    ASSERT_TRUE(render_take(o));
    EXPECT_EQ(last, 1);
}

TEST_F(RendererTest, FollowsATakeAndMakesWhatALaterRenderingMakes) {
    SmallMediaTake take(dir_.file("takes"));
    FollowingRender following(options(), false);
    take.add(3);
    following.start();
    take.add(20);
    take.close();
    following.take_is_complete(std::chrono::milliseconds(2300));
    const auto report = following.wait();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->frames, 23u);
    auto later = options();
    later.out_path = dir_.file("later.mp4");
    ASSERT_TRUE(render_take(later));
    const auto packets = [](const std::string& path) {
        return onetake::testing::output_of("ffmpeg -v error -i " + path +
                                           " -map 0 -c copy -f framehash - | grep -v '^#software'");
    };
    EXPECT_EQ(packets(options().out_path), packets(later.out_path));
    EXPECT_THAT(packets(later.out_path), ::testing::Not(IsEmpty()));
}

TEST_F(RendererTest, GivesUpFollowingWithoutAFile) {
    SmallMediaTake take(dir_.file("takes"));
    take.add(3);
    {
        FollowingRender following(options(), false);
        following.start();
        take.add(3);
    }
    EXPECT_THAT(files(), IsEmpty());
}

}  // namespace
}  // namespace onetake
