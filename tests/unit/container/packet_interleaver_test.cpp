#include "container/packet_interleaver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Packet packet(int stream, std::int64_t dts, std::size_t bytes = 10) {
    Packet made;
    made.stream = stream;
    made.pts = made.dts = dts;
    made.bytes.assign(bytes, 0);
    return made;
}

/// Stream and decoding time of every packet released now.
std::vector<std::pair<int, std::int64_t>> popped(PacketInterleaver& interleaver) {
    std::vector<std::pair<int, std::int64_t>> out;
    while (auto next = interleaver.pop()) out.emplace_back(next->stream, next->dts);
    return out;
}

/// Two streams with time bases of 1 ms and 1/90000 s.
PacketInterleaver two_streams(std::uint64_t most_bytes = 1000) {
    PacketInterleaver interleaver(most_bytes);
    interleaver.add_stream(1000);
    interleaver.add_stream(90000);
    return interleaver;
}

TEST(PacketInterleaver, WaitsForEveryStreamAndOrdersByTime) {
    auto interleaver = two_streams();
    for (const int dts : {0, 20, 40}) interleaver.push(packet(0, dts));
    EXPECT_THAT(popped(interleaver), IsEmpty());
    interleaver.push(packet(1, 900));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 0), std::pair(1, 900)));
    interleaver.end(1);
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 20), std::pair(0, 40)));
}

TEST(PacketInterleaver, PutsTheFirstStreamFirstAtEqualTimes) {
    auto interleaver = two_streams();
    interleaver.push(packet(1, 9000));
    interleaver.push(packet(0, 100));
    interleaver.end(0);
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 100), std::pair(1, 9000)));
}

TEST(PacketInterleaver, ReleasesPacketsBeforeTheTimeThatASilentStreamHasReached) {
    auto interleaver = two_streams();
    for (const int dts : {0, 20, 40, 60}) interleaver.push(packet(0, dts));
    interleaver.advance(1, MediaTime(milliseconds(40)));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 0), std::pair(0, 20)));
    interleaver.advance(1, MediaTime(milliseconds(10)));
    EXPECT_THAT(popped(interleaver), IsEmpty());
    // It may still have a packet at exactly that time, which follows that of the stream added first.
    interleaver.push(packet(1, 3600));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 40), std::pair(1, 3600)));
    interleaver.advance(1, MediaTime(milliseconds(61)));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 60)));
}

TEST(PacketInterleaver, WaitsForOtherStreamsBesideTheSilentOne) {
    auto interleaver = two_streams();
    interleaver.add_stream(1000);
    interleaver.push(packet(0, 5));
    interleaver.advance(1, MediaTime(milliseconds(500)));
    EXPECT_THAT(popped(interleaver), IsEmpty());
    interleaver.push(packet(2, 1));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(2, 1)));
    interleaver.advance(2, MediaTime(milliseconds(500)));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 5)));
}

TEST(PacketInterleaver, AcceptsAPacketBeforeTheTimeReached) {
    auto interleaver = two_streams();
    interleaver.push(packet(0, 20));
    interleaver.advance(1, MediaTime(milliseconds(100)));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 20)));
    interleaver.push(packet(1, 900));
    interleaver.push(packet(0, 50));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(1, 900), std::pair(0, 50)));
}

TEST(PacketInterleaver, ReleasesPacketsWhenTooMuchIsQueued) {
    auto interleaver = two_streams(100);
    for (int i = 0; i < 10; ++i) interleaver.push(packet(0, i));
    EXPECT_THAT(popped(interleaver), IsEmpty());
    interleaver.push(packet(0, 10));
    EXPECT_THAT(popped(interleaver), ElementsAre(std::pair(0, 0)));
}

}  // namespace
}  // namespace onetake
