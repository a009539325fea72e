#include "container/file_writer.h"

#include "unit/container/probe.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using testing::probed;
using testing::ScratchFolder;

StreamParams jpeg_track(std::string title = "") {
    StreamParams params;
    params.codec = "mjpeg";
    params.time_scale = 90000;
    params.title = std::move(title);
    params.width = 64;
    params.height = 48;
    params.pixel_format = "yuvj420p";
    return params;
}

std::vector<Packet> packets_at(const std::vector<std::int64_t>& stamps) {
    std::vector<Packet> packets;
    for (const auto stamp : stamps) {
        Packet packet;
        packet.pts = packet.dts = stamp;
        packet.duration = 3000;
        packet.key = true;
        packet.bytes.assign(100, 7);
        packets.push_back(std::move(packet));
    }
    return packets;
}

TEST(FileWriter, DescribesWhatItWrote) {
    const ScratchFolder folder;
    auto writer = FileWriter::create(folder / "a.mkv", ContainerFormat::mkv, {}).value();
    ASSERT_EQ(writer.add_track(jpeg_track("left")).value(), 0);
    ASSERT_EQ(writer.add_track(jpeg_track("right")).value(), 1);
    auto first = packets_at({900, 4500, 9000}), second = packets_at({0});
    ASSERT_TRUE(writer.write(0, first));
    EXPECT_TRUE(first.empty());
    ASSERT_TRUE(writer.write(1, second));
    const auto result = writer.finish().value();
    EXPECT_EQ(result.path, folder / "a.mkv");
    EXPECT_EQ(result.bytes, std::filesystem::file_size(result.path));
    EXPECT_EQ(result.duration, from_ticks(12000, 90000));
    ASSERT_EQ(result.tracks.size(), 2U);
    EXPECT_EQ(result.tracks[0].packets, 3U);
    EXPECT_EQ(result.tracks[0].title, "left");
    EXPECT_EQ(result.tracks[0].codec, "mjpeg");
    EXPECT_EQ(result.tracks[0].begin, MediaTime(milliseconds(10)));
    EXPECT_EQ(result.tracks[0].end, MediaTime(from_ticks(12000, 90000)));
    EXPECT_EQ(result.tracks[1].packets, 1U);
    EXPECT_TRUE(result.notes.empty());
    EXPECT_EQ(probed(result.path, "-show_packets")["packets"].size(), 4U);
}

TEST(FileWriter, LeavesNoFileWithoutPackets) {
    const ScratchFolder folder;
    for (const bool begun : {false, true}) {
        auto writer = FileWriter::create(folder / "a.mp4", ContainerFormat::mp4, {}).value();
        ASSERT_TRUE(writer.add_track(jpeg_track()));
        if (begun) {
            ASSERT_TRUE(writer.begin());
            ASSERT_TRUE(writer.end_track(0));
        }
        const auto result = writer.finish().value();
        EXPECT_EQ(result.path, "");
        EXPECT_EQ(result.tracks.size(), 1U);
        EXPECT_EQ(result.tracks[0].begin, std::nullopt);
        EXPECT_EQ(result.notes.size(), 1U);
        EXPECT_TRUE(folder.names().empty());
    }
}

TEST(FileWriter, LeavesNoFileWhenDestroyedUnfinished) {
    const ScratchFolder folder;
    {
        auto writer = FileWriter::create(folder / "a.mp4", ContainerFormat::mp4, {}).value();
        ASSERT_TRUE(writer.add_track(jpeg_track()));
        auto packets = packets_at({0, 3000});
        ASSERT_TRUE(writer.write(0, packets));
    }
    EXPECT_TRUE(folder.names().empty());
}

TEST(FileWriter, WritesPastATrackThatIsKnownToBeSilent) {
    const ScratchFolder folder;
    const auto size_of_part = [&] { return std::filesystem::file_size(folder / folder.names().at(0)); };
    auto writer = FileWriter::create(folder / "a.mkv", ContainerFormat::mkv, {}).value();
    ASSERT_TRUE(writer.add_track(jpeg_track("busy")));
    ASSERT_TRUE(writer.add_track(jpeg_track("silent")));
    auto packets = packets_at({0, 3000, 6000});
    for (auto& packet : packets) packet.bytes.assign(1 << 20, 7);
    ASSERT_TRUE(writer.write(0, packets));
    EXPECT_LT(size_of_part(), 1U << 20);
    ASSERT_TRUE(writer.advance(1, MediaTime(milliseconds(50))));
    EXPECT_GE(size_of_part(), 1U << 20);
    EXPECT_EQ(writer.advance(2, MediaTime()).error().code, ErrorCode::invalid_argument);
    auto late = packets_at({9000});
    ASSERT_TRUE(writer.write(1, late));
    const auto result = writer.finish().value();
    const auto listed = probed(result.path, "-show_packets")["packets"];
    ASSERT_EQ(listed.size(), 4U);
    EXPECT_EQ(listed[3]["stream_index"], 1);
}

TEST(FileWriter, RefusesTracksItDoesNotHaveAndWritesAfterTheEnd) {
    const ScratchFolder folder;
    auto writer = FileWriter::create(folder / "a.mp4", ContainerFormat::mp4, {}).value();
    ASSERT_TRUE(writer.add_track(jpeg_track()));
    auto packets = packets_at({0, 3000});
    EXPECT_EQ(writer.write(7, packets).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(writer.end_track(-1).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(packets.size(), 2U);
    ASSERT_TRUE(writer.write(0, packets));
    auto earlier = packets_at({3000});
    EXPECT_EQ(writer.write(0, earlier).error().code, ErrorCode::invalid_argument);
    ASSERT_TRUE(writer.end_track(0));
    auto later = packets_at({6000});
    EXPECT_EQ(writer.write(0, later).error().code, ErrorCode::wrong_state);
    EXPECT_EQ(writer.finish()->tracks[0].packets, 2U);
}

}  // namespace
}  // namespace onetake
