#include "mix/display_name.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

TEST(DisplayName, NamesInAnyScriptStayAsTheyAre) {
    for (const char* name :
         {"Ada", "Zoë Ångström", "Ольга", "Ελένη", "محمد", "דוד", "王小明", "अनीता", "สมชาย", "👩‍💻 Kim"})
        EXPECT_EQ(display_name(name), name);
}

TEST(DisplayName, ControlCharactersAndTerminalSequencesAreRemoved) {
    EXPECT_EQ(display_name("A\x1b[31mB\x07\x7f"), "A[31mB");
    EXPECT_EQ(display_name("A\xc2\x9b"
                           "B"),
              "AB");
    EXPECT_EQ(display_name(std::string_view("A\0B", 3)), "AB");
}

TEST(DisplayName, WhatChangesTheDirectionOfOtherTextIsRemoved) {
    EXPECT_EQ(display_name("exe\u202Efdp.\u2066x\u2069\u200F\u061C\u202A"), "exefdp.x");
}

TEST(DisplayName, WhiteSpaceBecomesOneSpace) {
    EXPECT_EQ(display_name("  A \t\r\n\u2028\u3000 B\u00A0"), "A B");
    EXPECT_EQ(display_name(" \n\t"), "");
}

TEST(DisplayName, InvalidBytesAreReplaced) {
    EXPECT_EQ(display_name("A\xff"
                           "B"),
              "A\uFFFDB");
    EXPECT_EQ(display_name("\xc0\xaf"), "\uFFFD\uFFFD");            // an overlong slash
    EXPECT_EQ(display_name("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
    EXPECT_EQ(display_name("\xe7\x8e"), "\uFFFD\uFFFD");            // cut off
    EXPECT_EQ(display_name("\xf5\x80\x80\x80").size(), 12U);        // beyond Unicode
}

TEST(DisplayName, LongNamesEndWithAnEllipsisAtACharactersBoundary) {
    std::string exact, longer;
    for (std::size_t i = 0; i < kLongestDisplayName; ++i) exact += "王";
    EXPECT_EQ(display_name(exact), exact);
    longer = exact + "明";
    EXPECT_EQ(display_name(longer), exact.substr(0, exact.size() - 3) + "…");
    EXPECT_EQ(display_name(std::string(1'000'000, 'x')), std::string(kLongestDisplayName - 1, 'x') + "…");
}

TEST(DisplayName, TowersOfMarksAreCut) {
    std::string tower = "e";
    for (int i = 0; i < 100; ++i) tower += "\u0301";
    EXPECT_EQ(display_name(tower + "a"), "e\u0301\u0301\u0301\u0301a");
}

}  // namespace
}  // namespace onetake
