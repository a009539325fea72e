#include "enhance/sha256.h"

#include "support/temp_dir.h"

#include <fstream>
#include <gtest/gtest.h>
#include <string_view>

namespace onetake {
namespace {

std::string digest(std::string_view text, std::size_t piece) {
    Sha256 sum;
    for (std::size_t at = 0; at < text.size(); at += piece) sum.add(std::as_bytes(std::span(text.substr(at, piece))));
    return sum.finish();
}

TEST(Sha256, MatchesTheStandardsExamples) {
    EXPECT_EQ(digest("", 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(digest("abc", 1), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(digest(std::string(1'000'000, 'a'), 777),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsTheSameForAnyPieces) {
    const std::string text(200, 'x');
    for (std::size_t piece = 1; piece <= text.size(); ++piece) EXPECT_EQ(digest(text, piece), digest(text, 200));
}

TEST(Sha256, ReadsFiles) {
    const TempDir dir;
    std::ofstream(dir.file("f")) << "abc";
    EXPECT_EQ(sha256_of_file(dir.file("f")).value(), digest("abc", 3));
    EXPECT_EQ(sha256_of_file(dir.file("none")).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace onetake
