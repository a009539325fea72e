#include "base/files.h"
#include "enhance/http_download.h"
#include "enhance/sha256.h"
#include "support/temp_dir.h"
#include "support/toy_model.h"

#include <onetake/models.h>

#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// model_server.py, for the lifetime of this object.
class ModelServer {
 public:
    explicit ModelServer(const std::string& file)
        : process_(::popen(fmt::format("python3 {} '{}'", ONETAKE_MODEL_SERVER, file).c_str(), "r")) {
        EXPECT_EQ(std::fscanf(process_, "%d", &port_), 1);
    }
    ModelServer(const ModelServer&) = delete;
    ModelServer& operator=(const ModelServer&) = delete;
    ~ModelServer() {
        const TempDir dir;
        EXPECT_TRUE(http_download(url("quit"), dir.file("answer"), {}, {}));
        EXPECT_EQ(::pclose(process_), 0);
    }
    std::string url(const std::string& path) const { return fmt::format("http://127.0.0.1:{}/{}", port_, path); }

 private:
    std::FILE* process_;
    int port_ = 0;
};

class DownloadTest : public ::testing::Test {
 protected:
    DownloadOptions from(const std::string& path) {
        DownloadOptions options;
        options.folder = dir_.file("models");
        options.url = server_.url(path);
        options.on_progress = [this](std::uint64_t here, std::uint64_t) {
            if (!first_here_) first_here_ = here;
        };
        return options;
    }
    std::string part() const { return dir_.file("models/dpdfnet2.onnx.part"); }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(dir_.file("models")), fs::directory_iterator()));
    }

    TempDir dir_;
    const std::string model_ = toy_model(dir_.file("toy.onnx"));
    const ModelServer server_{model_};
    std::optional<std::uint64_t> first_here_;
};

TEST_F(DownloadTest, FetchesAModelOnceAndKnowsItAgain) {
    const auto model = download_denoise_model("dpdfnet2", from("complete"));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_TRUE(model->downloaded);
    EXPECT_EQ(model->path, dir_.file("models/dpdfnet2.onnx"));
    EXPECT_EQ(model->sha256, sha256_of_file(model_).value());
    EXPECT_EQ(model->sample_rate, 16000);
    EXPECT_EQ(read_file(model->path, 1 << 20).value(), read_file(model_, 1 << 20).value());
    EXPECT_EQ(files(), 1u) << "nothing else is left";

    auto options = from("missing");
    const auto again = download_denoise_model("dpdfnet2", options);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_FALSE(again->downloaded);
}

TEST_F(DownloadTest, WarnsOfAChecksumThatIsNotKnown) {
    const auto model = download_denoise_model("dpdfnet2", from("complete"));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_THAT(model->warning, AllOf(HasSubstr(model->sha256), HasSubstr("ce35d602"), HasSubstr("4f0ee289")));
    const auto verified = verify_denoise_model(model->path);
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->warning, model->warning);
}

TEST_F(DownloadTest, GoesOnAfterACut) {
    const auto half = fs::file_size(model_) / 2;
    const auto cut = download_denoise_model("dpdfnet2", from("cut"));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, ErrorCode::io);
    EXPECT_THAT(cut.error().message, HasSubstr("the part already downloaded is kept"));
    EXPECT_EQ(fs::file_size(part()), half);
    EXPECT_FALSE(fs::exists(dir_.file("models/dpdfnet2.onnx")));

    first_here_.reset();
    const auto model = download_denoise_model("dpdfnet2", from("cut"));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(first_here_, half);
    EXPECT_EQ(model->sha256, sha256_of_file(model_).value());
    EXPECT_EQ(files(), 1u);
}

TEST_F(DownloadTest, BeginsAgainWhereTheServerHasAnotherVersionOrGivesNoParts) {
    for (const char* path : {"changed", "norange"}) {
        fs::remove_all(dir_.file("models"));
        ASSERT_FALSE(download_denoise_model("dpdfnet2", from(path)));
        const auto model = download_denoise_model("dpdfnet2", from(path));
        ASSERT_TRUE(model) << path << ": " << model.error().message;
        EXPECT_EQ(model->sha256, sha256_of_file(model_).value()) << path;
    }
}

TEST_F(DownloadTest, RefusesAWrongChecksumByName) {
    auto options = from("complete");
    options.sha256 = std::string(64, '0');
    const auto model = download_denoise_model("dpdfnet2", options);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::corrupt);
    EXPECT_THAT(model.error().message, AllOf(HasSubstr(options.sha256), HasSubstr(sha256_of_file(model_).value())));
    EXPECT_FALSE(fs::exists(part()));
    EXPECT_FALSE(fs::exists(dir_.file("models/dpdfnet2.onnx")));
}

TEST_F(DownloadTest, RefusesAPageInPlaceOfAModel) {
    const auto model = download_denoise_model("dpdfnet2", from("html"));
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().message, AllOf(HasSubstr("web page"), HasSubstr("/html")));
    EXPECT_FALSE(fs::exists(part()));
}

TEST_F(DownloadTest, SaysWhatTheServerAnswered) {
    const auto model = download_denoise_model("dpdfnet2", from("nothing-here"));
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().message, HasSubstr("404"));
}

TEST_F(DownloadTest, SaysThatThereIsNoNetwork) {
    for (const char* url : {"http://127.0.0.1:1/model.onnx", "http://no-such-host.invalid/model.onnx"}) {
        auto options = from("");
        options.url = url;
        const auto model = download_denoise_model("dpdfnet2", options);
        ASSERT_FALSE(model);
        EXPECT_EQ(model.error().code, ErrorCode::io);
        EXPECT_THAT(model.error().message, AllOf(HasSubstr(url), HasSubstr("network")));
    }
}

TEST_F(DownloadTest, StopsWhenToldTo) {
    auto options = from("complete");
    std::stop_source cancel;
    options.cancel = cancel.get_token();
    options.on_progress = [&](std::uint64_t, std::uint64_t) { cancel.request_stop(); };
    const auto model = download_denoise_model("dpdfnet2", options);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::cancelled);
}

TEST_F(DownloadTest, ReplacesADamagedModel) {
    fs::create_directories(dir_.file("models"));
    fs::copy_file(model_, dir_.file("models/dpdfnet2.onnx"));
    fs::resize_file(dir_.file("models/dpdfnet2.onnx"), 100);
    const auto model = download_denoise_model("dpdfnet2", from("complete"));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_TRUE(model->downloaded);
    EXPECT_TRUE(verify_denoise_model(model->path));
}

TEST(Models, KnowsItsVariantsOnly) {
    ASSERT_EQ(denoise_models().size(), 5u);
    for (const auto& model : denoise_models()) {
        const auto url = denoise_model_url(model.variant);
        ASSERT_TRUE(url);
        EXPECT_TRUE(url->ends_with(fmt::format("/{}.onnx", model.variant)));
    }
    const auto url = denoise_model_url("dpdfnet3");
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(url.error().message, AllOf(HasSubstr("dpdfnet3"), HasSubstr("dpdfnet2_48khz_hr")));
}

}  // namespace
}  // namespace onetake
