#include "unit/inspect/recovered_take.h"

#include <filesystem>
#include <nlohmann/json.hpp>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

constexpr const char* kPart1 = "video/p_0001.mkv";
constexpr const char* kPart2 = "video/p_0002.mkv";
constexpr std::size_t kInPart1 = 4;

class RecoverEncoded : public RecoveredTake {
 protected:
    void make(bool close) { write_encoded_take(dir_, close); }
    std::vector<FrameRecord> frames() const {
        std::vector<FrameRecord> all;
        auto reader = JournalReader::open(dir_.file("t")).value();
        while (const auto record = reader.next().value())
            if (const auto* f = std::get_if<FrameRecord>(&*record)) all.push_back(*f);
        return all;
    }
    void copy_back(const TempDir& kept) {
        fs::remove_all(dir_.file("t"));
        fs::copy(kept.file("t"), dir_.file("t"), fs::copy_options::recursive);
    }
};

TEST_F(RecoverEncoded, DoesNotChangeAnIntactTake) {
    make(true);
    const auto before = snapshot(dir_.file("t"));
    const auto report = recover();
    EXPECT_THAT(report.steps, IsEmpty());
    EXPECT_TRUE(report.take.whole()) << testing::PrintToString(report.take.findings);
    EXPECT_EQ(report.take.frames, 6u);
    EXPECT_EQ(snapshot(dir_.file("t")), before);
    const auto manifest = nlohmann::json::parse(bytes_of(file("manifest.json")));
    EXPECT_EQ(manifest["format"], 2);
    const auto& track = manifest["tracks"][0];
    EXPECT_EQ(track["store"], "encoded");
    EXPECT_EQ(track["parts"].size(), 2u);
    EXPECT_EQ(track["parts"][1]["part"], 2);
    EXPECT_EQ(track["frame_columns"].size(), track["frames"][0].size());
    EXPECT_EQ(track["frames"][4][5], 2) << "the part of the fifth frame";
    EXPECT_EQ(track["frames"][4][7], true);
}

TEST_F(RecoverEncoded, ClosesATakeOfAKilledProgramWithoutLosses) {
    make(false);
    EXPECT_THAT(check().losses, IsEmpty());
    const auto part = bytes_of(file(kPart2));
    const auto report = recover();
    EXPECT_TRUE(report.take.whole()) << testing::PrintToString(report.take.findings);
    EXPECT_EQ(bytes_of(file(kPart2)), part);
    expect_recovered(report);
}

TEST_F(RecoverEncoded, WorksWhereverTheJournalIsTruncated) {
    make(false);
    const TempDir kept;
    fs::copy(dir_.file("t"), kept.file("t"), fs::copy_options::recursive);
    const auto journal = bytes_of(file("timeline.jsonl"));
    for (std::size_t begin = journal.find('\n') + 1, end = 0; begin < journal.size(); begin = end) {
        end = journal.find('\n', begin) + 1;
        for (const auto cut : {begin, begin + 1, end - 1, end}) {
            SCOPED_TRACE(cut);
            copy_back(kept);
            put_bytes(file("timeline.jsonl"), journal.substr(0, cut));
            const bool has_track =
                journal.substr(0, journal.rfind('\n', cut - 1) + 1).find("\"k\":\"track\"") != std::string::npos;
            const auto report = recover();
            // Packets without a record are kept, in their part or in another folder, and counted.
            EXPECT_EQ(lost(report.take, "v1", "no_record"), has_track ? 6 - report.take.frames : 0);
            expect_recovered(report);
            if (HasFailure()) return;
        }
    }
}

TEST_F(RecoverEncoded, CutsAPartToItsLastCompletePacket) {
    make(false);
    const TempDir kept;
    fs::copy(dir_.file("t"), kept.file("t"), fs::copy_options::recursive);
    const auto part = bytes_of(file(kPart2));
    const auto all = frames();
    const auto first = all[kInPart1].packet->offset - kClusterHeaderBytes;
    for (std::size_t cut = 0; cut <= part.size(); cut += cut + 1 < first ? first - 1 : 5) {
        SCOPED_TRACE(cut);
        copy_back(kept);
        put_bytes(file(kPart2), part.substr(0, cut));
        const auto report = recover();
        std::size_t left = 0, complete = first;
        for (std::size_t i = kInPart1; i < all.size(); ++i)
            if (const auto end = all[i].packet->offset + all[i].bytes; cut >= end) {
                ++left;
                complete = end;
            }
        EXPECT_EQ(report.take.frames, kInPart1 + left);
        EXPECT_EQ(lost(report.take, "v1", "short"), 2 - left);
        EXPECT_EQ(fs::file_size(file(kPart2)), std::min(cut, complete));
        expect_recovered(report);
        if (HasFailure()) break;
    }
}

TEST_F(RecoverEncoded, NoticesEveryDamagedByteOfAPacket) {
    make(true);
    const auto part = bytes_of(file(kPart1));
    const auto header = frames()[0].packet->offset - kClusterHeaderBytes;
    for (auto at = header; at < part.size(); at += 3) {
        SCOPED_TRACE(at);
        auto damaged = part;
        damaged[at] = static_cast<char>(damaged[at] ^ 4);
        put_bytes(file(kPart1), damaged);
        EXPECT_EQ(lost(check(), "v1", "damaged"), 1u);
    }
    put_bytes(file(kPart1), part);
    EXPECT_TRUE(check().whole());
}

TEST_F(RecoverEncoded, CountsTheFramesOfAMissingPart) {
    make(true);
    fs::remove(file(kPart1));
    const auto report = recover();
    EXPECT_EQ(lost(report.take, "v1", "missing"), kInPart1);
    EXPECT_EQ(report.take.frames, 2u);
    expect_recovered(report);
    EXPECT_EQ(read_manifest(TakeDir::open(dir_.file("t")).value())->metrics.counters[0].dropped_disk, kInPart1);
}

TEST_F(RecoverEncoded, RemovesWhatFollowsTheLastPacket) {
    make(true);
    const auto part = bytes_of(file(kPart1));
    put_bytes(file(kPart1), part + std::string(5000, '\0'));
    EXPECT_TRUE(check().needs_recovery);
    const auto report = recover();
    EXPECT_EQ(report.steps.size(), 1u);
    EXPECT_EQ(bytes_of(file(kPart1)), part);
    expect_recovered(report);
}

TEST_F(RecoverEncoded, DoesNotWriteThroughHardLinks) {
    make(false);
    put_bytes(file(kPart2), bytes_of(file(kPart2)) + "?");
    fs::create_hard_link(file(kPart2), dir_.file("backup"));
    const auto refused = recover_folder(dir_.file("t"), "t");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
}

TEST_F(RecoverEncoded, HandlesJournalsWithExtremeValues) {
    make(false);
    const auto journal = bytes_of(file("timeline.jsonl"));
    for (const std::string line : {
             R"({"k":"f","v":"v1","n":7,"t":1,"r":1,"s":"test","b":1099511627776,"p":1,"o":1152921504606846976})",
             R"({"k":"f","v":"v1","n":7,"t":3000000000000000000,"r":1,"s":"test","b":40,"p":1000000,"o":0})",
             R"({"k":"f","v":"v1","n":7,"t":1,"r":1,"s":"test","b":40})",
             R"({"k":"part","track":"v1","part":1000000,"t_ns":-3000000000000000000,"header":1152921504606846976,)"
             R"("codec":"x","width":1,"height":1})"
             "\n"
             R"({"k":"f","v":"v1","n":7,"t":3000000000000000000,"r":1,"s":"test","b":40,"p":1000000,"o":1})",
         }) {
        put_bytes(file("timeline.jsonl"), journal + line + "\n");
        const auto report = recover();
        EXPECT_FALSE(report.take.needs_recovery) << line;
        EXPECT_EQ(report.take.frames, 6u) << line;
        EXPECT_FALSE(report.take.whole()) << line;
        fs::remove(file("manifest.json"));
    }
}

TEST_F(RecoverEncoded, IsReadWhileItIsRecorded) {
    TakeWriterOptions options{dir_.path(), "t", "test", "{}", false, true};
    auto writer = TakeWriter::create(options, read_clocks()).value();
    const auto video = writer.add_video_track({}, TrackStore::encoded).value();
    PartRecord part;
    part.track = video;
    part.params.codec = "ffv1";
    part.params.width = part.params.height = 16;
    ASSERT_TRUE(writer.begin_part(part));
    ASSERT_TRUE(writer.write_packet(video, tiny_jpeg(1), true, {}));
    const auto report = check();
    EXPECT_TRUE(report.recording);
    EXPECT_TRUE(report.whole()) << testing::PrintToString(report.findings);
    EXPECT_EQ(report.frames, 1u);
}

}  // namespace
}  // namespace onetake
