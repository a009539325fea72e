// Data tracks and markers: from a recorder's calls to what the ffmpeg programs find in its output file.
#include "base/clock.h"
#include "record/marker_socket.h"
#include "support/plain_frames.h"
#include "support/temp_dir.h"
#include "unit/container/probe.h"

#include <onetake/markers.h>
#include <onetake/recorder.h>
#include <onetake/take.h>
#include <onetake/take_reader.h>

#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DataTest : public ::testing::Test {
 protected:
    DataTest() {
        ::setenv("XDG_RUNTIME_DIR", dir_.path().c_str(), 1);
        config_.video.front().source = SourceKind::external;
        config_.audio.clear();
        config_.data = {{"IMU"}, {"buttons"}};
        config_.encode.container = ContainerFormat::mkv;
        config_.data_dir = dir_.file("takes");
        config_.processed_dir = dir_.file("rendered");
    }
    static double now() { return to_seconds(host_now().time_since_epoch()); }
    static std::vector<std::uint8_t> packet(int i) {
        std::vector<std::uint8_t> bytes(1 + static_cast<std::size_t>(i) * 37 % 300);
        for (std::size_t k = 0; k < bytes.size(); ++k)
            bytes[k] = static_cast<std::uint8_t>(k * 7 + static_cast<std::size_t>(i));
        return bytes;
    }
    static std::string text_of(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // A take of 2 s: 60 frames and 400 packets.
    TakeResult record(AVRecorder& recorder) {
        EXPECT_TRUE(recorder.start("t"));
        start_ = now();
        for (int i = 0; i < 60; ++i)
            EXPECT_TRUE(recorder.push_video(plain_bgr(64, 48, 100), 64, 48, start_ + i / 30.0));
        for (int i = 0; i < kPackets; ++i) EXPECT_TRUE(recorder.push_data(packet(i), start_ + 0.01 + i * 0.005));
        EXPECT_TRUE(recorder.push_data(packet(3), start_ + 1, 1));
        EXPECT_TRUE(recorder.mark("second <thing>\n& more", start_ + 1.25));
        EXPECT_TRUE(recorder.mark("first", start_ + 0.5));
        auto result = recorder.stop();
        EXPECT_TRUE(result) << result.error().message;
        return result ? *result : TakeResult{};
    }

    static constexpr int kPackets = 390;
    TempDir dir_;
    RecorderConfig config_;
    double start_ = 0;
};

TEST_F(DataTest, ComesBackFromTakeAndMatroskaByteByByte) {
    auto recorder = AVRecorder::create(config_).value();
    const auto result = record(recorder);
    EXPECT_TRUE(result.failures.empty()) << ::testing::PrintToString(result.failures);
    EXPECT_TRUE(result.metrics.balanced());
    EXPECT_FALSE(result.metrics.lossy());
    ASSERT_EQ(result.metrics.counters.size(), 3u);
    EXPECT_EQ(result.metrics.counters[1].track, "d1");
    EXPECT_EQ(result.metrics.counters[1].written, std::uint64_t{kPackets});

    const auto take = TakeReader::open(dir_.file("takes/t")).value();
    ASSERT_EQ(take.data().size(), 2u);
    EXPECT_EQ(take.data()[0].name, "IMU");
    ASSERT_EQ(take.packet_times(0).size(), std::size_t{kPackets});
    for (int i = 0; i < kPackets; ++i) {
        const auto at = static_cast<std::size_t>(i);
        EXPECT_EQ(take.packet(0, at).value(), packet(i));
        EXPECT_NEAR(static_cast<double>(take.packet_times(0)[at]), (start_ + 0.01 + i * 0.005) * 1e9, 300);
    }
    EXPECT_FALSE(take.packet(0, kPackets));
    EXPECT_FALSE(take.packet(2, 0));

    const auto file = testing::probed(result.mp4_path, "-show_streams");
    ASSERT_EQ(file["streams"].size(), 3u);
    EXPECT_EQ(file["streams"][1]["codec_name"], "ass");
    EXPECT_EQ(file["streams"][1]["disposition"]["default"], 0);
    EXPECT_EQ(file["streams"][1]["tags"]["title"], "IMU");
    std::string all;
    for (int i = 0; i < kPackets; ++i) {
        const auto bytes = packet(i);
        all.append(bytes.begin(), bytes.end());
    }
    EXPECT_EQ(testing::output_of(fmt::format("ffmpeg -v error -i '{}' -map 0:1 -c copy -f data -", result.mp4_path)),
              all);
    const auto packets = testing::probed(result.mp4_path, "-select_streams 1 -show_packets")["packets"];
    ASSERT_EQ(packets.size(), std::size_t{kPackets});
    for (int i = 0; i < kPackets; ++i)
        EXPECT_NEAR(std::atof(packets[static_cast<std::size_t>(i)]["pts_time"].get<std::string>().c_str()),
                    0.01 + i * 0.005, 0.00051);
    EXPECT_TRUE(check_take(dir_.file("takes"), "t", dir_.file("rendered"))->whole());
    const auto listed = list_takes(dir_.file("takes"), dir_.file("rendered")).value();
    EXPECT_EQ(listed[0].packets, std::uint64_t{kPackets} + 1);
}

TEST_F(DataTest, LiesBesideAnMp4AndMarkersBecomeChapters) {
    config_.encode.container = ContainerFormat::mp4;
    auto recorder = AVRecorder::create(config_).value();
    const auto result = record(recorder);
    const auto lines = text_of(dir_.file("rendered/t.d1.jsonl"));
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), kPackets);
    const auto second = nlohmann::json::parse(
        lines.substr(lines.find('\n') + 1, lines.find('\n', lines.find('\n') + 1) - lines.find('\n') - 1));
    EXPECT_NEAR(second["pts_s"].get<double>(), 0.015, 1e-6);
    EXPECT_EQ(second["n"], 2);
    const auto base64 = fmt::format("printf '%s' '{}' | base64 -d", second["data"].get<std::string>());
    const auto bytes = packet(1);
    EXPECT_EQ(testing::output_of(base64), std::string(bytes.begin(), bytes.end()));

    for (const auto* extension : {"mp4", "mkv"}) {
        SCOPED_TRACE(extension);
        const auto path = dir_.file(fmt::format("rendered/t.{}", extension));
        if (std::string(extension) == "mkv") {
            config_.encode.container = ContainerFormat::mkv;
            ASSERT_TRUE(AVRecorder::create(config_).value().process("t"));
        }
        auto chapters = testing::probed(path, "-show_chapters")["chapters"];
        if (std::string(extension) == "mp4") {
            EXPECT_EQ(chapters[0]["tags"]["title"], "t") << "an MP4's first chapter begins at 0";
            chapters.erase(0);
        }
        ASSERT_EQ(chapters.size(), 2u);
        EXPECT_NEAR(std::atof(chapters[0]["start_time"].get<std::string>().c_str()), 0.5, 0.0011);
        EXPECT_NEAR(std::atof(chapters[0]["end_time"].get<std::string>().c_str()), 1.25, 0.0011);
        EXPECT_NEAR(std::atof(chapters[1]["start_time"].get<std::string>().c_str()), 1.25, 0.0011);
        EXPECT_EQ(chapters[0]["tags"]["title"], "first");
        EXPECT_EQ(chapters[1]["tags"]["title"], "second <thing> & more");
        EXPECT_EQ(testing::decoded_times(path, "v:0").size(), 60u);
    }
    const auto vtt = text_of(dir_.file("rendered/t.markers.vtt"));
    EXPECT_THAT(vtt, HasSubstr("WEBVTT\n\n1\n00:00:00.500 --> 00:00:01.250\nfirst\n\n2\n00:00:01.250 --> "));
    EXPECT_THAT(vtt, HasSubstr("second &lt;thing&gt; &amp; more"));
    EXPECT_THAT(testing::output_of(fmt::format("ffprobe -v error -show_entries packet=pts_time '{}'",
                                               dir_.file("rendered/t.markers.vtt"))),
                HasSubstr("1.25"));
    // As journaled, in the order of setting.
    const auto take = TakeReader::open(dir_.file("takes/t")).value();
    ASSERT_EQ(take.markers().size(), 2u);
    EXPECT_EQ(take.markers()[1].text, "first");
}

TEST_F(DataTest, IsATakeOfItsOwn) {
    config_.video.clear();
    auto refused = config_;
    refused.encode.container = ContainerFormat::mp4;
    EXPECT_FALSE(AVRecorder::create(refused));
    auto recorder = AVRecorder::create(config_).value();
    ASSERT_TRUE(recorder.start("t"));
    const auto t = now();
    ASSERT_TRUE(recorder.push_data(packet(9), t));
    EXPECT_FALSE(recorder.push_data(packet(9), t)) << "not later than the one before";
    EXPECT_FALSE(recorder.push_data({}, t + 1));
    EXPECT_FALSE(recorder.push_data(packet(9), t + 1, 2));
    ASSERT_TRUE(recorder.push_data(packet(8), t + 2));
    const auto result = recorder.stop().value();
    EXPECT_TRUE(result.failures.empty()) << ::testing::PrintToString(result.failures);
    const auto packets = testing::probed(result.mp4_path, "-show_packets")["packets"];
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[1]["pts_time"], "2.000000");
}

TEST_F(DataTest, RefusesMarkersThatAreTooLongTooManyOrTooFar) {
    auto recorder = AVRecorder::create(config_).value();
    EXPECT_EQ(recorder.mark("x").error().code, ErrorCode::wrong_state);
    ASSERT_TRUE(recorder.start("t"));
    EXPECT_FALSE(recorder.mark(""));
    EXPECT_FALSE(recorder.mark(std::string(kLongestMarker + 1, 'x')));
    EXPECT_FALSE(recorder.mark("x", now() + 25 * 3600));
    EXPECT_FALSE(recorder.mark("x", std::numeric_limits<double>::quiet_NaN()));
    int stored = 0;
    for (int i = 0; i < 1000; ++i) stored += recorder.mark("x") ? 1 : 0;
    EXPECT_GE(stored, kMarkersPerSecond);
    EXPECT_LT(stored, 1000);
    ASSERT_TRUE(recorder.stop(false));
    EXPECT_EQ(TakeReader::open(dir_.file("takes/t"))->markers().size(), static_cast<std::size_t>(stored));
}

class MarkerSocketTest : public DataTest {
 protected:
    MarkerSocketTest() : recorder_(AVRecorder::create(config_).value()) { EXPECT_TRUE(recorder_.start("t")); }
    std::string path() const { return dir_.file("onetake/" + TakeReader::open(dir_.file("takes/t"))->id() + ".sock"); }
    // What the recorder answers to a packet of these bytes; "closed" where it closes the connection.
    std::string answer(const std::string& packet) const {
        const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        std::string text(1000, '\0');
        ::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL);
        if (packet.empty()) ::shutdown(fd, SHUT_WR);
        const auto n = ::recv(fd, text.data(), text.size(), 0);
        ::close(fd);
        return n > 0 ? text.substr(0, static_cast<std::size_t>(n)) : "closed";
    }
    AVRecorder recorder_;
};

TEST_F(MarkerSocketTest, TakesMarkersOfOtherProcesses) {
    struct stat st {};
    ASSERT_EQ(::stat(path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600u);
    ASSERT_EQ(::stat(dir_.file("onetake").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0700u);
    ASSERT_TRUE(mark_take(dir_.file("takes"), "t", "hello"));
    const auto socket = path();
    ASSERT_TRUE(recorder_.stop(false));
    EXPECT_FALSE(fs::exists(socket));
    EXPECT_EQ(mark_take(dir_.file("takes"), "t", "late").error().code, ErrorCode::wrong_state);
    EXPECT_EQ(mark_take(dir_.file("takes"), "none", "x").error().code, ErrorCode::not_found);
    const auto take = TakeReader::open(dir_.file("takes/t")).value();
    ASSERT_EQ(take.markers().size(), 1u);
    EXPECT_EQ(take.markers()[0].text, "hello");
}

TEST_F(MarkerSocketTest, SurvivesHostileInput) {
    const auto t = std::to_string(to_ns(host_now()));
    EXPECT_EQ(answer(t + " fine"), "ok");
    EXPECT_THAT(answer(t), HasSubstr("no marker"));
    EXPECT_THAT(answer(t + " "), HasSubstr("0 bytes"));
    EXPECT_THAT(answer("fine"), HasSubstr("no marker"));
    EXPECT_THAT(answer("-1 x"), HasSubstr("no marker"));
    EXPECT_THAT(answer("99999999999999999999999 x"), HasSubstr("no marker"));
    EXPECT_THAT(answer("9223372036854775807 x"), HasSubstr("no marker"));
    EXPECT_EQ(answer(t + " " + std::string(kLongestMarker, 'x')), "ok");
    EXPECT_THAT(answer(t + " " + std::string(kLongestMarker + 1, 'x')), HasSubstr("can't be stored"));
    EXPECT_THAT(answer(std::string(100'000, '1')), HasSubstr("at most"));
    EXPECT_EQ(answer(""), "closed");
    EXPECT_EQ(answer(t + " \x1b[2J\xff\xfe\0end" + std::string(1, '\0')), "ok");
    ASSERT_TRUE(recorder_.stop(false));
    const auto take = TakeReader::open(dir_.file("takes/t")).value();
    ASSERT_EQ(take.markers().size(), 3u);
    for (const char c : take.markers()[2].text) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20);
    EXPECT_TRUE(check_take(dir_.file("takes"), "t")->findings.empty());
}

TEST_F(DataTest, RecordsWithoutASocketWhereItsFolderIsOpenToOthers) {
    fs::create_directory(dir_.file("onetake"));
    ::chmod(dir_.file("onetake").c_str(), 0777);
    auto recorder = AVRecorder::create(config_).value();
    ASSERT_TRUE(recorder.start("t"));
    EXPECT_EQ(mark_take(dir_.file("takes"), "t", "x").error().code, ErrorCode::wrong_state);
    const auto result = recorder.stop(false).value();
    EXPECT_THAT(result.metrics.notes, ::testing::Contains(HasSubstr("open to others")));
}

}  // namespace
}  // namespace onetake
