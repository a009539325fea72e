#include "base/redact.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

TEST(Redacted, TextWithoutUrlsStaysAsItIs) {
    for (const char* text : {"", "a@b", "what? password=x", "a/b@c.mp4"}) EXPECT_EQ(redacted(text), text);
}

TEST(Redacted, EveryUrlInATextLosesItsSecrets) {
    EXPECT_EQ(redacted("can't open rtsp://u:p@h/x, nor 'https://t0ken@h?k=v'."),
              "can't open rtsp://***@h/x, nor 'https://***@h?***'.");
    EXPECT_EQ(redacted("rtsp://h/a?"), "rtsp://h/a?");
    EXPECT_EQ(redacted("rtsp://h/a"), "rtsp://h/a");
    EXPECT_EQ(redacted("rtsp://"), "rtsp://");
    EXPECT_EQ(redacted("rtsp://h/A_PassWord=x_1"), "rtsp://h/A_PassWord=***");
}

}  // namespace
}  // namespace onetake
