#include "enhance/model_file.h"

#include "base/files.h"
#include "support/temp_dir.h"
#include "support/toy_model.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using ::testing::HasSubstr;

class ModelFileTest : public ::testing::Test {
 protected:
    std::string written(const std::string& bytes) {
        auto path = dir_.file("model.onnx");
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    std::string toy(const std::string& flags) { return toy_model(dir_.file("model.onnx"), flags); }
    static Error error_of(const std::string& path) {
        const auto info = inspect_model(path);
        EXPECT_FALSE(info) << "it was accepted as a model";
        return info ? Error{} : info.error();
    }

    TempDir dir_;
};

TEST_F(ModelFileTest, ReturnsRateAndProfileOfAModel) {
    for (const int rate : {16000, 48000}) {
        const auto info = inspect_model(toy("--rate " + std::to_string(rate)));
        ASSERT_TRUE(info) << info.error().message;
        EXPECT_EQ(info->sample_rate, rate);
        EXPECT_EQ(info->profile, rate == 48000 ? "dpdfnet2_48khz_hr" : "dpdfnet_16khz");
        EXPECT_GT(info->bytes, 1000u);
    }
}

TEST_F(ModelFileTest, NamesAMissingFile) {
    const auto error = error_of(dir_.file("none.onnx"));
    EXPECT_EQ(error.code, ErrorCode::not_found);
    EXPECT_THAT(error.message, HasSubstr("none.onnx"));
}

TEST_F(ModelFileTest, RejectsOtherFiles) {
    EXPECT_THAT(error_of(written("")).message, HasSubstr("is empty"));
    EXPECT_THAT(error_of(written("<!DOCTYPE html><html>")).message, HasSubstr("web page"));
    EXPECT_THAT(error_of(written(std::string(5000, '\xff'))).message, HasSubstr("not an ONNX model"));
    EXPECT_THAT(error_of(written(std::string(5000, '\0'))).message, HasSubstr("not an ONNX model"));
    EXPECT_THAT(error_of(written("\x08\x08")).message, HasSubstr("no graph"));
    EXPECT_THAT(error_of(dir_.path()).message, HasSubstr("not a file"));
}

TEST_F(ModelFileTest, RejectsAModelTruncatedAnywhere) {
    const auto complete = read_file(toy(""), 1 << 20).value();
    for (std::size_t size = 0; size < complete.size(); size += size < 200 || size + 200 > complete.size() ? 1 : 37)
        EXPECT_FALSE(inspect_model(written(complete.substr(0, size)))) << size << " of " << complete.size() << " bytes";
}

TEST_F(ModelFileTest, HandlesCorruptionOfEveryByte) {
    const auto complete = read_file(toy(""), 1 << 20).value();
    for (std::size_t at = 0; at < complete.size(); at += 3) {
        auto damaged = complete;
        damaged[at] = static_cast<char>(~damaged[at]);
        (void)inspect_model(written(damaged));
    }
}

TEST_F(ModelFileTest, RejectsMetadataThatWouldCrashTheLibrary) {
    const std::pair<const char*, const char*> wrong[] = {
        {"--set model_type=gtcrn", "model_type"},
        {"--set model_type=", "lacks \"model_type\""},
        {"--set sample_rate=", "lacks \"sample_rate\""},
        {"--set sample_rate=44100", "sample_rate of 44100"},
        {"--set sample_rate=48000", "n_fft"},
        {"--set sample_rate=99999999999999999999", "not a count"},
        {"--set n_fft=512", "n_fft 512"},
        {"--set hop_length=100", "hop_length 100"},
        {"--set window_length=7", "window_length 7"},
        {"--set window_type=hann", "window_type"},
        {"--set profile=", "lacks \"profile\""},
        {"--set state_size=1", "state of 1"},
        {"--set state_size=-5", "not a count"},
        {"--set erb_norm_init=1,2,3", "3 values in erb_norm_init"},
    };
    for (const auto& [flags, words] : wrong) {
        const auto error = error_of(toy(flags));
        EXPECT_EQ(error.code, ErrorCode::corrupt) << flags;
        EXPECT_THAT(error.message, HasSubstr(words)) << flags;
    }
}

}  // namespace
}  // namespace onetake
