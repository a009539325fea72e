// Data tracks: written, checked, and recovered wherever journal and file end.
#include "take/data_file.h"
#include "unit/inspect/recovered_take.h"

#include <filesystem>
#include <nlohmann/json.hpp>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

constexpr const char* kData = "data.bin";
constexpr std::size_t kPackets = 6;

std::vector<std::uint8_t> packet_bytes(std::size_t i) {
    return std::vector<std::uint8_t>(3 + i, static_cast<std::uint8_t>(0xf0 + i));
}

class RecoverData : public RecoveredTake {
 protected:
    void make(bool close) {
        TakeWriterOptions options{dir_.path(), "t", "test", "{}", false, false, "", true};
        auto writer = TakeWriter::create(options, read_clocks()).value();
        DataDescription description;
        description.name = "IMU";
        const auto track = writer.add_data_track(description).value();
        for (std::size_t i = 0; i < kPackets; ++i) {
            const auto t = host_time_from_ns(1'000'000'000 + static_cast<std::int64_t>(i) * 10'000'000);
            ASSERT_TRUE(writer.write_data(track, {packet_bytes(i), t, t + Duration(5), StampSource::pushed}));
        }
        if (!close) return;
        ASSERT_TRUE(writer.finish({host_time_from_ns(1'100'000'000), "stopped", 0, 0, 0.1}, {}));
    }
    void make_again(const TempDir& kept) {
        fs::remove_all(dir_.file("t"));
        fs::copy(kept.file("t"), dir_.file("t"), fs::copy_options::recursive);
    }
};

TEST_F(RecoverData, StoresEveryByteWithItsStamp) {
    make(true);
    const auto before = snapshot(dir_.file("t"));
    const auto report = recover();
    EXPECT_THAT(report.steps, IsEmpty());
    EXPECT_TRUE(report.take.whole()) << testing::PrintToString(report.take.findings);
    EXPECT_EQ(report.take.packets, kPackets);
    EXPECT_EQ(report.take.frames + report.take.samples, 0u);
    EXPECT_EQ(snapshot(dir_.file("t")), before);
    std::string bytes;
    for (std::size_t i = 0; i < kPackets; ++i) {
        const auto packet = packet_bytes(i);
        bytes.append(packet.begin(), packet.end());
    }
    EXPECT_EQ(bytes_of(file(kData)), bytes);
    const auto manifest = nlohmann::json::parse(bytes_of(file("manifest.json")));
    EXPECT_EQ(manifest["format"], 3);
    const auto& track = manifest["tracks"][0];
    EXPECT_EQ(track["kind"], "data");
    EXPECT_EQ(track["name"], "IMU");
    ASSERT_EQ(track["packets"].size(), kPackets);
    EXPECT_EQ(track["packet_columns"].size(), track["packets"][0].size());
    EXPECT_EQ(track["packets"][2][1], 1'020'000'000);
}

TEST_F(RecoverData, WorksWhereverTheJournalIsTruncated) {
    make(false);
    const TempDir kept;
    fs::copy(dir_.file("t"), kept.file("t"), fs::copy_options::recursive);
    const auto journal = bytes_of(file("timeline.jsonl"));
    for (std::size_t begin = journal.find('\n') + 1, end = 0; begin < journal.size(); begin = end) {
        end = journal.find('\n', begin) + 1;
        for (const auto cut : {begin, begin + 1, end - 1, end}) {
            SCOPED_TRACE(cut);
            make_again(kept);
            put_bytes(file("timeline.jsonl"), journal.substr(0, cut));
            const auto complete = journal.substr(0, journal.rfind('\n', cut - 1) + 1);
            std::uint64_t packets = 0;
            for (auto at = complete.find("{\"k\":\"d\""); at != std::string::npos;
                 at = complete.find("{\"k\":\"d\"", at + 1))
                ++packets;
            const bool has_track = complete.find("\"k\":\"track\"") != std::string::npos;
            const auto report = recover();
            EXPECT_EQ(report.take.packets, packets);
            EXPECT_EQ(lost(report.take, "d1", "no_record"), has_track && packets < kPackets ? 1u : 0u);
            EXPECT_EQ(bytes_of(file(kData)), bytes_of(kept.file("t/data.bin"))) << "data are never changed";
            expect_recovered(report);
            if (HasFailure()) return;
        }
    }
}

TEST_F(RecoverData, CountsThePacketsOfATruncatedFile) {
    make(false);
    const TempDir kept;
    fs::copy(dir_.file("t"), kept.file("t"), fs::copy_options::recursive);
    const auto bytes = bytes_of(file(kData));
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 2) {
        SCOPED_TRACE(cut);
        make_again(kept);
        put_bytes(file(kData), bytes.substr(0, cut));
        std::size_t left = 0;
        for (std::size_t end = 3; left < kPackets && end <= cut; end += 3 + left) ++left;
        const auto report = recover();
        EXPECT_EQ(report.take.packets, left);
        EXPECT_EQ(lost(report.take, "d1", "short"), kPackets - left);
        expect_recovered(report);
        if (HasFailure()) return;
    }
}

TEST_F(RecoverData, NoticesDamagedAndMissingBytes) {
    make(true);
    const auto bytes = bytes_of(file(kData));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        put_bytes(file(kData), damaged);
        EXPECT_EQ(lost(check(), "d1", "damaged"), 1u) << at;
    }
    fs::remove(file(kData));
    const auto report = recover();
    EXPECT_EQ(lost(report.take, "d1", "missing"), kPackets);
    expect_recovered(report);
}

TEST_F(RecoverData, HandlesJournalsWithExtremeValues) {
    make(false);
    const auto journal = bytes_of(file("timeline.jsonl"));
    for (const std::string line : {
             R"({"k":"d","v":"d1","n":7,"t":1,"r":1,"s":"test","b":16777216,"o":1152921504606846976,"c":4294967295})",
             R"({"k":"d","v":"d1","n":7,"t":1,"r":1,"s":"test","b":16777217,"o":0,"c":0})",
             R"({"k":"d","v":"d1","n":7,"t":1,"r":1,"s":"test","b":0,"o":0,"c":0})",
             R"({"k":"d","v":"d1","n":7,"t":1,"r":1,"s":"test","b":1,"o":-1,"c":0})",
             R"({"k":"d","v":"v1","n":7,"t":1,"r":1,"s":"test","b":1,"o":0,"c":0})",
             R"({"k":"d","v":"d2","n":7,"t":1,"r":1,"s":"test","b":1,"o":0,"c":0})",
             R"({"k":"d","v":"d1","n":1000000000000,"t":3000000000000000000,"r":1,"s":"test","b":3,"o":0,"c":7})",
         }) {
        put_bytes(file("timeline.jsonl"), journal + line + "\n");
        const auto report = recover();
        EXPECT_FALSE(report.take.needs_recovery) << line;
        EXPECT_EQ(report.take.packets, kPackets) << line;
        EXPECT_FALSE(report.take.whole()) << line;
        fs::remove(file("manifest.json"));
    }
}

TEST_F(RecoverData, RefusesPacketsThatAreEmptyOrTooLarge) {
    TakeWriterOptions options{dir_.path(), "t", "test", "{}", false, false, "", true};
    auto writer = TakeWriter::create(options, read_clocks()).value();
    const auto track = writer.add_data_track({}).value();
    const auto t = host_time_from_ns(1);
    EXPECT_FALSE(writer.write_data(track, {{}, t, t, StampSource::pushed}));
    EXPECT_FALSE(writer.write_data(track, {std::vector<std::uint8_t>(kLargestData + 1), t, t, StampSource::pushed}));
    EXPECT_TRUE(writer.write_data(track, {std::vector<std::uint8_t>(kLargestData), t, t, StampSource::pushed}));
    EXPECT_EQ(writer.packets(track), 1);
}

}  // namespace
}  // namespace onetake
