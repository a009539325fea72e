#include "container/demuxer.h"

#include "base/files.h"
#include "codec/av_log.h"
#include "codec/media_decoder.h"
#include "media/beep_search.h"
#include "unit/container/probe.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <random>

namespace onetake {
namespace {

using ::testing::HasSubstr;
using testing::ScratchFolder;

constexpr const char* kLossy = "-c:v libx264 -preset ultrafast -c:a aac -b:a 96k";
constexpr const char* kLossless = "-c:v ffv1 -c:a pcm_s16le";

// 4 s at 25 frames/s: a white flash of 0.2 s and a beep of 0.1 s at 1 s, 2 s, 3 s. Made by the ffmpeg program.
void make_file(const std::string& path, const std::string& options) {
    const auto command =
        "ffmpeg -nostdin -v error -y"
        " -f lavfi -i "
        "\"color=black:s=96x64:r=25:d=4,drawbox=c=white:t=fill:enable='gte(t,0.99)*lt(mod(t+0.001,1),0.2)'\""
        " -f lavfi -i \"aevalsrc=exprs='gte(t,1)*lt(mod(t,1),0.1)*0.5*sin(2*PI*1000*mod(t,1))':s=48000:d=4\" " +
        options + " '" + path + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

struct DecodedFile {
    std::vector<StreamParams> streams;
    std::vector<LumaSample> luma;
    std::vector<Duration> flashes, beeps;
    std::size_t samples = 0;
    Duration first_audio{};
};

Result<DecodedFile> decoded(const std::string& path) {
    route_av_log();
    auto demuxer = Demuxer::open(path);
    if (!demuxer) return fail(demuxer.error());
    DecodedFile file;
    file.streams = demuxer->streams();
    std::vector<MediaDecoder> decoders;
    for (const auto& params : file.streams) {
        auto decoder = MediaDecoder::open(params);
        if (!decoder) return fail(decoder.error());
        decoders.push_back(std::move(*decoder));
    }
    DecodedMedia media;
    for (;;) {
        auto packet = demuxer->next();
        if (!packet) return fail(packet.error());
        if (!*packet) break;
        ONETAKE_TRY(decoders.at(static_cast<std::size_t>((*packet)->stream)).decode(**packet, media));
    }
    for (auto& decoder : decoders) ONETAKE_TRY(decoder.finish(media));
    file.luma = media.frames;
    file.flashes = find_flashes(media.frames);
    BeepSearch search(48000);
    if (!media.audio.empty()) file.first_audio = media.audio.front().time;
    for (const auto& block : media.audio) {
        file.samples += block.samples.size();
        search.add(block.samples, block.time,
                   block.time + from_ticks(static_cast<std::int64_t>(block.samples.size()), block.sample_rate));
    }
    file.beeps = search.finish();
    return file;
}

void expect_seconds(const std::vector<Duration>& found, const std::vector<double>& wanted, double within) {
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(to_seconds(found[i]), wanted[i], within);
}

TEST(Demuxer, ReadsMediaTimesOfVideoAndAudio) {
    const ScratchFolder dir;
    const std::vector<std::pair<std::string, std::string>> files{{"lossy.mp4", kLossy}, {"lossless.mkv", kLossless}};
    for (const auto& [name, options] : files) {
        make_file(dir / name, options);
        const auto seen = decoded(dir / name);
        ASSERT_TRUE(seen) << name << ": " << seen.error().message;
        EXPECT_EQ(seen->luma.size(), 100u) << name;
        SCOPED_TRACE(name);
        expect_seconds(seen->flashes, {1, 2, 3}, 1e-3);
        expect_seconds(seen->beeps, {1, 2, 3}, 0.7e-3);  // Matroska rounds to 1 ms
        EXPECT_NEAR(static_cast<double>(seen->samples), 4 * 48000, 1100) << "priming and padding are left out";
    }
}

TEST(Demuxer, LeavesPrimingOut) {
    const ScratchFolder dir;
    for (const auto* name : {"a.mp4", "a.mkv"}) {
        make_file(dir / name, kLossy);
        const auto seen = decoded(dir / name).value();
        EXPECT_NEAR(to_seconds(seen.first_audio), 0, 1e-3) << name;
    }
}

TEST(Demuxer, ReadsFilesWithoutEditLists) {
    const ScratchFolder dir;
    make_file(dir / "a.mp4", std::string(kLossy) + " -movflags frag_keyframe+empty_moov");
    make_file(dir / "a.mkv", kLossy);
    for (const auto* name : {"a.mp4", "a.mkv"}) {
        const auto seen = decoded(dir / name).value();
        ASSERT_EQ(seen.beeps.size(), 3u);
        // ffmpeg makes room for the priming by moving video and audio alike.
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_NEAR(to_seconds(seen.beeps.at(i) - seen.flashes.at(i)), 0, 0.7e-3) << name;
    }
}

TEST(Demuxer, HonoursAnEditListThatBeginsTheAudioLater) {
    const ScratchFolder dir;
    make_file(dir / "a.mp4", kLossy);
    const auto a = dir / "a.mp4", b = dir / "b.mp4";
    ASSERT_EQ(std::system(("ffmpeg -nostdin -v error -y -i '" + a + "' -itsoffset 0.25 -i '" + a +
                           "' -map 0:v -map 1:a -c copy -movie_timescale 48000 '" + b + "'")
                              .c_str()),
              0);
    const auto seen = decoded(b).value();
    expect_seconds(seen.flashes, {1, 2, 3}, 1e-3);
    expect_seconds(seen.beeps, {1.25, 2.25, 3.25}, 0.3e-3);
}

TEST(Demuxer, DescribesItsStreams) {
    const ScratchFolder dir;
    make_file(dir / "a.mp4", kLossy);
    const auto demuxer = Demuxer::open(dir / "a.mp4").value();
    ASSERT_EQ(demuxer.streams().size(), 2u);
    EXPECT_EQ(demuxer.streams()[0].kind, TrackKind::video);
    EXPECT_EQ(demuxer.streams()[0].codec, "h264");
    EXPECT_EQ(demuxer.streams()[0].width, 96);
    EXPECT_EQ(demuxer.streams()[1].codec, "aac");
    EXPECT_EQ(demuxer.streams()[1].sample_rate, 48000);
    EXPECT_EQ(demuxer.streams()[1].channels, 1);
}

TEST(Demuxer, RefusesFilesThatAreNotMedia) {
    const ScratchFolder dir;
    route_av_log();
    EXPECT_EQ(Demuxer::open(dir / "missing.mp4").error().code, ErrorCode::not_found);
    const auto write = [&](const std::string& name, const std::string& bytes) {
        std::ofstream(dir / name, std::ios::binary) << bytes;
        return dir / name;
    };
    EXPECT_FALSE(Demuxer::open(write("empty.mp4", "")));
    EXPECT_FALSE(Demuxer::open(write("text.mp4", "this is a text")));
    // Formats that name other files are not opened at all.
    make_file(dir / "a.mp4", kLossy);
    EXPECT_FALSE(Demuxer::open(write("list.ffconcat", "ffconcat version 1.0\nfile a.mp4\n")));
    EXPECT_FALSE(Demuxer::open(write("list.m3u8", "#EXTM3U\n#EXTINF:4,\na.mp4\n#EXT-X-ENDLIST\n")));
}

TEST(Demuxer, SurvivesEveryKindOfDamage) {
    const ScratchFolder dir;
    make_file(dir / "a.mp4", std::string(kLossy) + " -movflags +faststart");
    make_file(dir / "a.mkv", kLossy);
    for (const auto* name : {"a.mp4", "a.mkv"}) {
        const auto complete = read_file(dir / name, 1 << 24).value();
        std::mt19937 random(3);
        std::uniform_int_distribution<std::size_t> anywhere(0, complete.size() - 1);
        for (int i = 0; i < 40; ++i) {
            auto bytes = complete;
            if (i % 2 == 0)
                bytes.resize(anywhere(random));
            else
                for (int k = 0; k < 20; ++k) bytes[anywhere(random) / (1 + k % 3 * 4)] = static_cast<char>(random());
            std::ofstream(dir / "bad", std::ios::binary) << bytes;
            // It may be an error or a shorter file; what counts is that the call returns.
            const auto seen = decoded(dir / "bad");
            EXPECT_TRUE(seen || !seen.error().message.empty());
        }
    }
}

TEST(MediaDecoder, ReportsWhatItCannotDecode) {
    StreamParams params;
    params.codec = "no-such-codec";
    EXPECT_EQ(MediaDecoder::open(params).error().code, ErrorCode::unsupported);
    params.codec = "aac";  // but video
    EXPECT_EQ(MediaDecoder::open(params).error().code, ErrorCode::unsupported);
    params.kind = TrackKind::data;
    EXPECT_EQ(MediaDecoder::open(params).error().code, ErrorCode::unsupported);
}

TEST(MediaDecoder, MeasuresBrightnessInEveryUsualLayout) {
    const ScratchFolder dir;
    for (const auto* layout : {"yuv420p", "yuv422p10le", "yuv444p", "gray", "bgr0"}) {
        const auto path = dir / (std::string(layout) + ".mkv");
        ASSERT_EQ(
            std::system(("ffmpeg -nostdin -v error -y -f lavfi -i color=0x808080:s=64x48:d=0.2 -c:v ffv1 -pix_fmt " +
                         std::string(layout) + " '" + path + "'")
                            .c_str()),
            0);
        const auto seen = decoded(path);
        ASSERT_TRUE(seen) << layout << seen.error().message;
        ASSERT_FALSE(seen->luma.empty());
        EXPECT_NEAR(seen->luma.front().luma, 128, 3) << layout;
    }
}

}  // namespace
}  // namespace onetake
