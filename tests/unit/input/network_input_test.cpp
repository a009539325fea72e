#include "support/temp_dir.h"
#include "unit/input/collected.h"
#include "unit/input/local_peers.h"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

MediaInputOptions options() {
    MediaInputOptions o;
    o.limits.open = 20s;
    return o;
}

// An even port with a free one above it, as RTP and RTCP want; freed just before it is used.
int rtp_port() {
    for (;;) {
        LocalSocket one(SOCK_DGRAM);
        if (one.port() % 2 == 0 && one.port() < 65000) return one.port();
    }
}

std::string sender(int video_port, int audio_port) {
    return "ffmpeg -nostdin -v error -f lavfi -i testsrc=s=160x90:r=30,realtime "
           "-f lavfi -i sine=440:r=48000,arealtime "
           "-map 0:v -c:v libx264 -preset ultrafast -tune zerolatency -g 10 -f rtp rtp://127.0.0.1:" +
           std::to_string(video_port) +
           " -map 1:a -c:a pcm_s16be -ac 1 -ar 44100 -f rtp rtp://127.0.0.1:" + std::to_string(audio_port) +
           " > /dev/null";
}

std::string sdp(int video_port, int audio_port) {
    return "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=test\nc=IN IP4 127.0.0.1\nt=0 0\nm=video " + std::to_string(video_port) +
           " RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\nm=audio " +
           std::to_string(audio_port) + " RTP/AVP 11\n";
}

TEST(RtpInput, PicturesAndSoundArriveWithTheSendersTimes) {
    TempDir dir;
    const int video_port = rtp_port(), audio_port = rtp_port();
    std::ofstream(dir.file("a.sdp")) << sdp(video_port, audio_port);
    const Child child(sender(video_port, audio_port));
    auto input = open_media_input("sdp:" + dir.file("a.sdp"), options());
    ASSERT_TRUE(input) << input.error().message;
    EXPECT_TRUE(input->live);
    ASSERT_TRUE(input->video && input->audio);
    EXPECT_EQ(input->video->description().width, 160);
    EXPECT_EQ(input->audio->description().sample_rate, 44100);
    CollectedVideo video;
    CollectedAudio audio;
    start(*input, video, audio);
    EXPECT_TRUE(video.wait_for_media(40));
    EXPECT_TRUE(audio.wait_for_media(20));
    stop(*input);

    for (std::size_t i = 1; i < video.media().size(); ++i)
        EXPECT_NEAR(to_seconds(video.media()[i].stamp.time - video.media()[i - 1].stamp.time), 1.0 / 30, 0.003) << i;
    for (const auto& frame : video.media()) {
        EXPECT_LE(frame.stamp.time, frame.stamp.arrival + 200ms);
        EXPECT_GE(frame.stamp.time, frame.stamp.arrival - 5s);
    }
    EXPECT_EQ(video.media().back().stamp.source, StampSource::device) << "ffmpeg sends reports at once";
    EXPECT_THAT(video.texts() + audio.texts(), HasSubstr("sender's clock"));
    for (std::size_t i = 1; i < audio.media().size(); ++i) {
        const auto& before = audio.media()[i - 1];
        EXPECT_NEAR(to_seconds(audio.media()[i].time - before.time), static_cast<double>(before.frames()) / 44100,
                    0.003);
    }
}

TEST(RtpInput, ASenderThatStopsStallsAndItsReturnIsReportedWithWhatIsMissing) {
    TempDir dir;
    const int video_port = rtp_port(), audio_port = rtp_port();
    std::ofstream(dir.file("a.sdp")) << sdp(video_port, audio_port);
    auto child = std::make_unique<Child>(sender(video_port, audio_port));
    auto o = options();
    o.stall_after = 700ms;
    o.limits.silent = 1s;
    o.first_retry = 50ms;
    auto input = open_media_input("sdp:" + dir.file("a.sdp"), o);
    ASSERT_TRUE(input) << input.error().message;
    CollectedVideo video;
    CollectedAudio audio;
    start(*input, video, audio);
    EXPECT_TRUE(video.wait_for_media(5));
    child.reset();
    EXPECT_TRUE(video.wait_for_event(SourceEvent::Kind::stall));
    EXPECT_TRUE(audio.wait_for_event(SourceEvent::Kind::device_lost));
    child = std::make_unique<Child>(sender(video_port, audio_port));
    const auto resumed = [](const auto&, const std::vector<SourceEvent>& events) {
        return std::ranges::any_of(
            events, [](const SourceEvent& e) { return e.kind == SourceEvent::Kind::resumed && e.count > 0; });
    };
    EXPECT_TRUE(video.wait_for(resumed));
    EXPECT_TRUE(audio.wait_for(resumed));
    EXPECT_TRUE(audio.wait_for([](const std::vector<AudioBlock>& blocks, const auto&) {
        return std::ranges::any_of(blocks, &AudioBlock::xrun);
    }));
    stop(*input);
    EXPECT_GT(video.count(SourceEvent::Kind::resumed), 10U) << "frames";
    EXPECT_GT(audio.count(SourceEvent::Kind::resumed), 10000U) << "samples";
    EXPECT_FALSE(audio.media().front().xrun);
    for (std::size_t i = 1; i < video.media().size(); ++i)
        EXPECT_GT(video.media()[i].stamp.time, video.media()[i - 1].stamp.time);
}

TEST(RtpInput, WithoutASenderOpeningEndsInTime) {
    TempDir dir;
    std::ofstream(dir.file("a.sdp")) << sdp(rtp_port(), rtp_port());
    auto o = options();
    o.limits.open = 200ms;
    EXPECT_EQ(open_media_input("sdp:" + dir.file("a.sdp"), o).error().code, ErrorCode::timed_out);
}

TEST(RtpInput, AnSdpFileThatIsNoneIsRefused) {
    TempDir dir;
    for (const std::string& text : {std::string(), std::string("garbage"), std::string(100'000, 'x'),
                                    std::string("v=0\nm=video 0 RTP/AVP 96\na=control:file:///etc/passwd\n")}) {
        std::ofstream(dir.file("a.sdp")) << text;
        auto o = options();
        o.limits.open = 200ms;
        EXPECT_FALSE(open_media_input("sdp:" + dir.file("a.sdp"), o));
    }
    EXPECT_EQ(open_media_input("sdp:" + dir.file("none"), options()).error().code, ErrorCode::not_found);
}

// Answers every request with one reply, until its peer is gone.
class OneReplyServer {
 public:
    explicit OneReplyServer(std::string reply) : listening_(SOCK_STREAM), reply_(std::move(reply)) {
        ::listen(listening_.fd(), 4);
        thread_ = std::thread([this] { serve(); });
    }
    OneReplyServer(const OneReplyServer&) = delete;
    OneReplyServer& operator=(const OneReplyServer&) = delete;
    ~OneReplyServer() {
        ::shutdown(listening_.fd(), SHUT_RDWR);
        thread_.join();
    }
    int port() const { return listening_.port(); }

 private:
    void serve() {
        for (;;) {
            const UniqueFd peer(::accept(listening_.fd(), nullptr, nullptr));
            if (peer.get() < 0) return;
            char bytes[4096];
            while (::read(peer.get(), bytes, sizeof bytes) > 0)
                if (::send(peer.get(), reply_.data(), reply_.size(), MSG_NOSIGNAL) < 0) break;
        }
    }

    LocalSocket listening_;
    const std::string reply_;
    std::thread thread_;
};

TEST(RtspInput, AServerThatRedirectsIsNotFollowed) {
    LocalSocket other(SOCK_STREAM);
    ::listen(other.fd(), 4);
    const OneReplyServer server(
        "RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://127.0.0.1:" + std::to_string(other.port()) + "/cam\r\n\r\n");
    const auto input =
        open_media_input("rtsp://admin:s3cret@127.0.0.1:" + std::to_string(server.port()) + "/cam", options());
    ASSERT_FALSE(input);
    EXPECT_EQ(input.error().code, ErrorCode::refused) << input.error().message;
    EXPECT_THAT(input.error().message, HasSubstr("redirects"));
    // A connection may have begun; nothing was sent over it.
    pollfd waiting{other.fd(), POLLIN, 0};
    if (::poll(&waiting, 1, 0) == 1) {
        const UniqueFd peer(::accept4(other.fd(), nullptr, nullptr, SOCK_CLOEXEC));
        char bytes[256];
        EXPECT_EQ(::read(peer.get(), bytes, sizeof bytes), 0) << "closed without a byte";
    }
}

TEST(RtspInput, ErrorsShowNoCredentials) {
    LocalSocket closed(SOCK_STREAM);  // bound, not listening
    const OneReplyServer refusing("RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n");
    for (const int port : {closed.port(), refusing.port()}) {
        auto o = options();
        o.limits.open = 3s;
        const auto input =
            open_media_input("rtsp://admin:s3cret@127.0.0.1:" + std::to_string(port) + "/cam?token=s3cret", o);
        ASSERT_FALSE(input);
        EXPECT_THAT(input.error().message, HasSubstr("rtsp://***@127.0.0.1"));
        EXPECT_THAT(input.error().message, Not(HasSubstr("s3cret")));
    }
}

}  // namespace
}  // namespace onetake
