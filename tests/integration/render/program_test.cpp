#include "reference_decoder.h"
#include "support/temp_dir.h"

#include <cmath>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>

namespace onetake {
namespace {

std::time_t utc_seconds(const std::string& iso) {
    std::tm parts{};
    EXPECT_NE(::strptime(iso.c_str(), "%Y-%m-%dT%H:%M:%S", &parts), nullptr) << iso;
    return ::timegm(&parts);
}

// Where a top box of an MP4 begins, by reading box after box.
std::int64_t box_offset(const std::string& path, const std::string& wanted) {
    std::ifstream file(path, std::ios::binary);
    std::string header(16, '\0');
    for (std::int64_t at = 0; file.seekg(at) && file.read(header.data(), 16);) {
        const auto big_endian = [&](std::size_t from, std::size_t bytes) {
            std::int64_t value = 0;
            for (std::size_t i = from; i < from + bytes; ++i) value = value << 8 | static_cast<std::uint8_t>(header[i]);
            return value;
        };
        if (header.substr(4, 4) == wanted) return at;
        const auto size = big_endian(0, 4) == 1 ? big_endian(8, 8) : big_endian(0, 4);
        if (size < 8) break;
        at += size;
    }
    return -1;
}

TEST(Program, RecordsItsTestSourceInSyncAndWithoutLoss) {
    const TempDir dir;
    const auto before = std::time(nullptr);
    const auto printed = nlohmann::json::parse(
        reference::output_of(fmt::format("{} record --source test --duration 4 --width 640 --height "
                                         "480 --name t --data-dir {} --processed-dir {} --json",
                                         ONETAKE_PROGRAM, dir.file("takes"), dir.file("rendered"))));
    const auto after = std::time(nullptr);

    const auto& metrics = printed["metrics"];
    EXPECT_EQ(metrics["dropped"], 0);
    for (const auto& counts : metrics["books"]) {
        SCOPED_TRACE(counts.dump());
        EXPECT_GT(counts["written"], 0);
        EXPECT_EQ(counts["expected"], counts["written"]) << "0 lost: expected = written";
    }
    EXPECT_GE(metrics["frames"], 115);
    EXPECT_LE(metrics["frames"], 125);

    const std::string path = printed["mp4_path"];
    const auto seen = reference::probe(path);
    ASSERT_EQ(seen["streams"].size(), 2U);
    EXPECT_EQ(seen["streams"][0]["codec_name"], "h264");
    EXPECT_EQ(seen["streams"][0]["nb_frames"], std::to_string(metrics["frames"].get<int>()));
    EXPECT_EQ(seen["streams"][1]["codec_name"], "aac");
    EXPECT_EQ(seen["streams"][1]["sample_rate"], "48000");
    EXPECT_EQ(seen["format"]["tags"]["title"], "t");

    const auto created = utc_seconds(seen["format"]["tags"]["creation_time"]);
    EXPECT_GE(created, before - 1);
    EXPECT_LE(created, after - 3) << "it is the time of the beginning";
    const auto moov = box_offset(path, "moov"), mdat = box_offset(path, "mdat");
    ASSERT_GT(moov, 0);
    EXPECT_LT(moov, mdat) << "a browser would have to fetch the complete file before it could begin";

    const auto sync = reference::sync(path);
    reference::figure(fmt::format("worst of {} pairs, test source", sync.pairs), sync.worst_ms, "ms");
    EXPECT_GE(sync.pairs, 3U);
    EXPECT_LE(std::abs(sync.worst_ms), 1.0);
}

}  // namespace
}  // namespace onetake
