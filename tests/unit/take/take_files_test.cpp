#include "take/take_files.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

TEST(TakeName, MustBeOnePlainPathComponent) {
    for (const std::string name : {"../x", "/x", "a/b", "", ".", "..", "...", "a\nb"})
        EXPECT_FALSE(check_take_name(name)) << name;
    EXPECT_FALSE(check_take_name(std::string("a\0b", 3)));
    EXPECT_FALSE(check_take_name(std::string(201, 'a')));
    for (const std::string name : {"interview-1", "2026-11-21_02-05-00", ".hidden", "Ümlaut ok", "a..b"})
        EXPECT_TRUE(check_take_name(name)) << name;
}

TEST(TrackId, RoundTripsThroughText) {
    for (const TrackId id : {TrackId{TrackKind::video, 1}, TrackId{TrackKind::audio, 12}})
        EXPECT_EQ(track_id_from(to_string(id)), id);
    for (const auto* text : {"", "v", "v0", "v01", "x1", "v1x", "v-1", "v65", "a99999999999"})
        EXPECT_FALSE(track_id_from(text)) << text;
}

TEST(TrackPath, IsTopLevelForTheFirstTracks) {
    EXPECT_EQ(track_path({TrackKind::video, 1}), "frames");
    EXPECT_EQ(track_path({TrackKind::audio, 1}), "audio.wav");
    EXPECT_EQ(track_path({TrackKind::video, 2}), "v2/frames");
    EXPECT_EQ(track_path({TrackKind::audio, 3}), "a3/audio.wav");
    EXPECT_EQ(frame_file(1), "f_000001.jpg");
    EXPECT_EQ(frame_file(12345678), "f_12345678.jpg");
}

}  // namespace
}  // namespace onetake
