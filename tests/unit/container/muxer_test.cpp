#include "container/muxer.h"

#include "base/error.h"
#include "codec/audio_encoder.h"
#include "codec/jpeg_encoder.h"
#include "codec/video_encoder.h"
#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <algorithm>
#include <csignal>
#include <gtest/gtest.h>
#include <string_view>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>

namespace onetake {
namespace {

using testing::decoded_times;
using testing::probed;
using testing::ScratchFolder;
using testing::shaded_image;
using testing::top_boxes;

bool is_mp4(std::string_view name) {
    return name.ends_with(".mp4");
}

struct Stream {
    StreamParams params;
    std::vector<Packet> packets;
};

Stream video_of(const std::vector<std::int64_t>& stamps) {
    VideoEncoderSettings settings;
    settings.codec = "libx264";
    settings.width = 64;
    settings.height = 48;
    auto encoder = VideoEncoder::open(settings).value();
    const auto pool = BufferPool::create(2);
    Stream stream{encoder.params(), {}};
    int n = 0;
    for (const auto stamp : stamps)
        EXPECT_TRUE(encoder.encode(shaded_image(64, 48, Chroma::s420, *pool, n++), stamp, stream.packets));
    EXPECT_TRUE(encoder.finish(stream.packets));
    return stream;
}

Stream audio_of(std::size_t samples, std::string codec = "aac") {
    auto encoder = AudioEncoder::open({std::move(codec), 48000, 1, 96000}).value();
    Stream stream{encoder.params(), {}};
    EXPECT_TRUE(encoder.encode(std::vector<float>(samples, 0.1F), stream.packets));
    EXPECT_TRUE(encoder.finish(stream.packets));
    return stream;
}

std::vector<std::int64_t> stamps(int count, std::int64_t first = 0, std::int64_t step = 3000) {
    std::vector<std::int64_t> made;
    for (int i = 0; i < count; ++i) made.push_back(first + i * step);
    return made;
}

// Writes the streams one after the other, the hardest order to interleave.
Result<MuxedFile> written(const std::string& path, ContainerFormat format, std::vector<Stream> streams,
                          MuxerOptions options = {}) {
    auto muxer = Muxer::create(path, format, std::move(options));
    if (!muxer) return fail(muxer.error());
    for (const auto& stream : streams) {
        const auto added = muxer->add_stream(stream.params);
        if (!added) return fail(added.error());
    }
    ONETAKE_TRY(muxer->begin());
    for (std::size_t i = 0; i < streams.size(); ++i)
        for (auto& packet : streams[i].packets) {
            packet.stream = static_cast<int>(i);
            ONETAKE_TRY(muxer->write(std::move(packet)));
        }
    return muxer->finish();
}

TEST(Muxer, KeepsEveryStampAndTheFirstOnesToo) {
    const ScratchFolder folder;
    const auto video = stamps(40, 12347, 2999);
    ASSERT_TRUE(written(folder / "a.mp4", ContainerFormat::mp4, {video_of(video), audio_of(96000)}));
    const auto times = decoded_times(folder / "a.mp4", "v:0");
    ASSERT_EQ(times.size(), video.size());
    for (std::size_t i = 0; i < times.size(); ++i)
        EXPECT_NEAR(times[i], static_cast<double>(video[i]) / 90000, 1e-6);  // what ffprobe prints
    ASSERT_TRUE(written(folder / "a.mkv", ContainerFormat::mkv, {video_of(video), audio_of(96000)}));
    const auto rounded = decoded_times(folder / "a.mkv", "v:0");
    ASSERT_EQ(rounded.size(), video.size());
    for (std::size_t i = 0; i < rounded.size(); ++i)
        EXPECT_NEAR(rounded[i], static_cast<double>(video[i]) / 90000, 0.000501);
}

TEST(Muxer, PutsTheIndexInFront) {
    const ScratchFolder folder;
    const auto moved = written(folder / "a.mp4", ContainerFormat::mp4, {video_of(stamps(30))});
    ASSERT_TRUE(moved);
    EXPECT_EQ(top_boxes(folder / "a.mp4"), (std::vector<std::string>{"ftyp", "moov", "free", "mdat"}));
    EXPECT_EQ(moved->bytes, std::filesystem::file_size(folder / "a.mp4"));

    MuxerOptions options;
    options.reserve_index_bytes = estimate_index_bytes(30, 100);
    const auto reserved =
        written(folder / "b.mp4", ContainerFormat::mp4, {video_of(stamps(30)), audio_of(48000)}, options);
    ASSERT_TRUE(reserved) << reserved.error().message;
    EXPECT_EQ(top_boxes(folder / "b.mp4"), (std::vector<std::string>{"ftyp", "moov", "free", "free", "mdat"}));
    EXPECT_TRUE(reserved->notes.empty());
    EXPECT_EQ(decoded_times(folder / "b.mp4", "v:0").size(), 30U);
}

TEST(Muxer, WritesAnIndexLargerThanItsReservedSpaceAtTheEnd) {
    const ScratchFolder folder;
    MuxerOptions options;
    options.reserve_index_bytes = 20000;
    const auto made =
        written(folder / "a.mp4", ContainerFormat::mp4, {video_of(stamps(600)), audio_of(960000)}, options);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->notes.size(), 1U);
    EXPECT_EQ(top_boxes(folder / "a.mp4"), (std::vector<std::string>{"ftyp", "free", "free", "mdat", "moov"}));
    EXPECT_EQ(decoded_times(folder / "a.mp4", "v:0").size(), 600U);
}

TEST(Muxer, ReservesEnoughForTheLargestIndex) {
    const ScratchFolder folder;
    MuxerOptions options;
    options.reserve_index_bytes = estimate_index_bytes(2000, 3201);
    // Stamps that never repeat a step make the largest tables.
    std::vector<std::int64_t> uneven;
    for (int i = 0; i < 2000; ++i) uneven.push_back(i * 3000 + (i * i * 37) % 1401);
    const auto made =
        written(folder / "a.mp4", ContainerFormat::mp4, {video_of(uneven), audio_of(3199 * 1024)}, options);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->notes.empty());
    EXPECT_EQ(decoded_times(folder / "a.mp4", "v:0").size(), 2000U);
}

TEST(Muxer, LeavesTheIndexAtTheEndWhereMovingWouldTakeLong) {
    const ScratchFolder folder;
    MuxerOptions options;
    options.move_limit_bytes = 1000;
    const auto made = written(folder / "a.mp4", ContainerFormat::mp4, {video_of(stamps(30))}, options);
    ASSERT_TRUE(made);
    EXPECT_EQ(top_boxes(folder / "a.mp4"), (std::vector<std::string>{"ftyp", "free", "mdat", "moov"}));
    EXPECT_EQ(made->notes.size(), 1U);
    EXPECT_EQ(decoded_times(folder / "a.mp4", "v:0").size(), 30U);
}

TEST(Muxer, TagsColoursTitlesAndTheTimeOfCreation) {
    const ScratchFolder folder;
    MuxerOptions options;
    options.creation_time = WallTime(std::chrono::seconds(1795223100) + std::chrono::microseconds(123456));
    options.title = "interview";
    options.metadata = {{"comment", "second try"}};
    auto video = video_of(stamps(10));
    video.params.title = "C920";
    for (const auto format : {ContainerFormat::mp4, ContainerFormat::mkv}) {
        const auto path = folder / (format == ContainerFormat::mp4 ? "a.mp4" : "a.mkv");
        ASSERT_TRUE(written(path, format, {video, audio_of(4800)}, options));
        const auto seen = probed(path);
        const auto& stream = seen["streams"][0];
        EXPECT_EQ(stream["color_range"], "pc");
        EXPECT_EQ(stream["color_space"], "smpte170m");
        EXPECT_EQ(stream["color_transfer"], "bt709");
        EXPECT_EQ(stream["color_primaries"], "bt709");
        EXPECT_EQ(stream["codec_name"], "h264");
        EXPECT_EQ(stream["width"], 64);
        auto tags = seen["format"]["tags"];
        if (format == ContainerFormat::mkv) {
            EXPECT_EQ(stream["tags"]["title"], "C920");
            EXPECT_EQ(tags["COMMENT"], "second try");
            EXPECT_EQ(tags["creation_time"], "2026-11-21T01:05:00.123456Z");
        } else {
            EXPECT_EQ(stream["tags"]["handler_name"], "C920");
            EXPECT_EQ(tags["comment"], "second try");
            EXPECT_EQ(tags["creation_time"], "2026-11-21T01:05:00.000000Z");
            EXPECT_EQ(tags["date"], "2026-11-21T01:05:00.123456Z");
        }
        EXPECT_EQ(tags["title"], "interview");
    }
}

TEST(Muxer, InterleavesStreamsByTimeInAnyOrderOfInput) {
    const ScratchFolder folder;
    for (const auto* name : {"a.mp4", "a.mkv"}) {
        const auto format = is_mp4(name) ? ContainerFormat::mp4 : ContainerFormat::mkv;
        ASSERT_TRUE(written(folder / name, format, {video_of(stamps(900)), audio_of(30 * 48000)}));
        double latest = 0, worst = 0;
        int last_stream = -1, changes = 0;
        const auto seen = probed(folder / name, "-show_packets -show_entries packet=dts_time,stream_index,pos");
        std::vector<std::tuple<std::int64_t, double, int>> by_place;
        for (const auto& packet : seen["packets"])
            by_place.emplace_back(std::atoll(packet["pos"].get<std::string>().c_str()),
                                  std::atof(packet.value("dts_time", "0").c_str()), packet["stream_index"]);
        std::sort(by_place.begin(), by_place.end());
        for (const auto& [place, time, stream] : by_place) {
            worst = std::max(worst, latest - time);
            latest = std::max(latest, time);
            changes += stream != last_stream;
            last_stream = stream;
        }
        EXPECT_LT(worst, 0.15) << name;
        EXPECT_GT(changes, 900) << name;
    }
}

TEST(Muxer, DoesNotWaitForeverForAStreamWithoutPackets) {
    const ScratchFolder folder;
    auto muxer = Muxer::create(folder / "a.mp4", ContainerFormat::mp4, {}).value();
    StreamParams params;
    params.codec = "mjpeg";
    params.time_scale = 90000;
    params.width = 64;
    params.height = 48;
    params.pixel_format = "yuvj420p";
    ASSERT_TRUE(muxer.add_stream(params));
    ASSERT_TRUE(muxer.add_stream(audio_of(0).params));
    ASSERT_TRUE(muxer.begin());
    const auto part = folder / folder.names()[0];
    for (int i = 0; i < 100; ++i) {
        Packet packet;
        packet.pts = packet.dts = i * 3000;
        packet.duration = 3000;
        packet.key = true;
        packet.bytes.assign(1 << 20, 1);
        ASSERT_TRUE(muxer.write(std::move(packet)));
    }
    EXPECT_GT(std::filesystem::file_size(part), 30U << 20);  // of 100 MiB, no more than 64 are queued
    ASSERT_TRUE(muxer.end_stream(1));
    EXPECT_GT(std::filesystem::file_size(part), 98U << 20);
}

TEST(Muxer, AcceptsAStreamFarBehindTheOthers) {
    const ScratchFolder folder;
    for (const auto* name : {"a.mp4", "a.mkv"}) {
        const auto format = is_mp4(name) ? ContainerFormat::mp4 : ContainerFormat::mkv;
        auto muxer = Muxer::create(folder / name, format, {}).value();
        StreamParams params;
        params.codec = "mjpeg";
        params.time_scale = 90000;
        params.width = 64;
        params.height = 48;
        params.pixel_format = "yuvj420p";
        const auto audio = audio_of(48000 * 3);
        ASSERT_TRUE(muxer.add_stream(params));
        ASSERT_TRUE(muxer.add_stream(audio.params));
        ASSERT_TRUE(muxer.begin());
        // 100 s of video, more than may be queued, before the first audio packet.
        for (int i = 0; i < 200; ++i) {
            Packet packet;
            packet.pts = packet.dts = i * 45000;
            packet.duration = 45000;
            packet.key = true;
            packet.bytes.assign(1 << 19, 1);
            ASSERT_TRUE(muxer.write(std::move(packet)));
        }
        for (auto packet : audio.packets) {
            packet.stream = 1;
            ASSERT_TRUE(muxer.write(std::move(packet)));
        }
        ASSERT_TRUE(muxer.finish());
        const auto seen = probed(folder / name, "-select_streams a:0 -show_packets -show_entries packet=pts_time");
        ASSERT_EQ(seen["packets"].size(), audio.packets.size()) << name;
        EXPECT_NEAR(std::atof(seen["packets"].back()["pts_time"].get<std::string>().c_str()),
                    static_cast<double>(audio.packets.back().pts) / 48000, 0.001);
    }
}

TEST(Muxer, CopiesJpegsUntouched) {
    const ScratchFolder folder;
    const auto pool = BufferPool::create(2);
    auto encoder = JpegEncoder::create({}).value();
    Stream stream;
    stream.params.codec = "mjpeg";
    stream.params.time_scale = 90000;
    stream.params.width = 64;
    stream.params.height = 48;
    stream.params.pixel_format = "yuvj420p";
    std::vector<std::vector<std::uint8_t>> jpegs;
    for (int i = 0; i < 5; ++i) {
        const auto jpeg = encoder.encode(shaded_image(64, 48, Chroma::s420, *pool, i), *pool).value();
        jpegs.emplace_back(jpeg.data(), jpeg.data() + jpeg.size());
        Packet packet;
        packet.pts = packet.dts = i * 3001;
        packet.duration = 3001;
        packet.key = true;
        packet.bytes = jpegs.back();
        stream.packets.push_back(std::move(packet));
    }
    for (const auto* name : {"a.mp4", "a.mkv"}) {
        ASSERT_TRUE(written(folder / name, is_mp4(name) ? ContainerFormat::mp4 : ContainerFormat::mkv, {stream}));
        const auto copied = testing::output_of("ffmpeg -v error -i '" + (folder / name) + "' -c copy -f mjpeg -");
        std::string expected;
        for (const auto& jpeg : jpegs) expected.append(jpeg.begin(), jpeg.end());
        EXPECT_EQ(copied == expected, true) << name;
        EXPECT_EQ(decoded_times(folder / name, "v:0").size(), 5U);
    }
}

TEST(Muxer, RefusesPacketsOutOfOrder) {
    const ScratchFolder folder;
    auto video = video_of(stamps(3));
    std::swap(video.packets[1], video.packets[2]);
    const auto made = written(folder / "a.mp4", ContainerFormat::mp4, {video});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(folder.names().empty());
}

TEST(Muxer, ReportsWhatAFormatCannotHold) {
    const ScratchFolder folder;
    const auto made = written(folder / "a.mp4", ContainerFormat::mp4, {video_of(stamps(2)), audio_of(10, "wmav2")});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::unsupported);
    EXPECT_NE(made.error().message.find("wmav2"), std::string::npos);
    EXPECT_TRUE(written(folder / "a.mkv", ContainerFormat::mkv, {audio_of(10, "pcm_s16le")}));
}

TEST(Muxer, ReportsAFileThatCannotGrow) {
    const ScratchFolder folder;
    struct rlimit before {};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto old_signal = std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small { 1 << 20, before.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    Stream stream;
    stream.params.codec = "mjpeg";
    stream.params.time_scale = 90000;
    stream.params.width = stream.params.height = 64;
    stream.params.pixel_format = "yuvj420p";
    for (int i = 0; i < 20; ++i) {
        Packet packet;
        packet.pts = packet.dts = i * 3000;
        packet.bytes.assign(200000, 1);
        stream.packets.push_back(std::move(packet));
    }
    for (const auto format : {ContainerFormat::mp4, ContainerFormat::mkv}) {
        const auto made = written(folder / "a.file", format, {stream});
        EXPECT_FALSE(made);
        if (!made) {
            EXPECT_EQ(made.error().code, ErrorCode::no_space) << made.error().message;
        }
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_signal);
    EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace onetake
