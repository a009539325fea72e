#include "base/ulid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace onetake {
namespace {

constexpr WallTime at_ms(std::int64_t ms) {
    return WallTime(std::chrono::milliseconds(ms));
}

TEST(Ulid, BeginsWithItsTime) {
    // The example of the ULID specification.
    EXPECT_EQ(new_ulid(at_ms(1469922850259)).substr(0, 10), "01ARZ3NDEK");
    EXPECT_LT(new_ulid(at_ms(1469922850259)), new_ulid(at_ms(1469922850260)));
}

TEST(Ulid, IsUniqueAndOfFileNameCharacters) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto ulid = new_ulid(at_ms(1469922850259));
        EXPECT_THAT(ulid, ::testing::MatchesRegex("[0-9A-HJKMNP-TV-Z]{26}"));
        EXPECT_TRUE(seen.insert(ulid).second);
    }
}

}  // namespace
}  // namespace onetake
