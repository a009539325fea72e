#include "enhance/denoiser.h"

#include "bad_models.h"
#include "support/temp_dir.h"
#include "support/toy_model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <limits>
#include <sys/wait.h>
#include <thread>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Changes all the time, and is nowhere like itself a few samples later.
std::vector<float> speech_like(std::size_t n) {
    std::vector<float> samples(n);
    std::uint32_t noise = 12345;
    for (std::size_t i = 0; i < n; ++i) {
        noise = noise * 1664525u + 1013904223u;
        const double t = static_cast<double>(i);
        samples[i] = static_cast<float>(0.4 * std::sin(0.05 * t + 1e-6 * t * t)) +
                     0.2F * (static_cast<float>(noise >> 8) / 8388608.0F - 1);
    }
    return samples;
}

double worst_error(const std::vector<float>& a, const std::vector<float>& b, float gain = 1) {
    double worst = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        worst = std::max(worst,
                         std::abs(static_cast<double>(a[i]) * static_cast<double>(gain) - static_cast<double>(b[i])));
    return worst;
}

class DenoiserTest : public ::testing::Test {
 protected:
    std::string toy(const std::string& flags) { return toy_model(dir_.file("toy.onnx"), flags); }

    static Result<std::vector<float>> enhanced(const DenoiserOptions& options, const std::vector<float>& in,
                                               std::size_t chunk = 4800) {
        auto denoiser = Denoiser::start(options);
        if (!denoiser) return fail(denoiser.error());
        std::vector<float> out;
        for (std::size_t at = 0; at < in.size(); at += chunk) {
            const auto piece = std::span(in).subspan(at, std::min(chunk, in.size() - at));
            ONETAKE_TRY(denoiser->write(piece, out));
        }
        ONETAKE_TRY(denoiser->finish(out));
        return out;
    }
    static DenoiserOptions with(const std::string& model) {
        DenoiserOptions options;
        options.model = model;
        return options;
    }

    TempDir dir_;
};

TEST_F(DenoiserTest, ReportsTheLibraryItWouldUse) {
    const auto version = Denoiser::probe();
    ASSERT_TRUE(version) << version.error().message;
    EXPECT_THAT(*version, HasSubstr("1."));
}

TEST_F(DenoiserTest, GivesEverySampleBackInItsPlaceWhereTheModelChangesNothing) {
    for (const int rate : {16000, 48000}) {
        const auto model = toy("--rate " + std::to_string(rate));
        for (const std::size_t n : {std::size_t(3 * rate), std::size_t(rate + 77), std::size_t(1), std::size_t(0)}) {
            const auto in = speech_like(n);
            const auto out = enhanced(with(model), in);
            ASSERT_TRUE(out) << out.error().message;
            ASSERT_EQ(out->size(), n);
            const auto worst = worst_error(in, *out);
            std::cout << rate << " Hz, " << n << " samples: worst error " << worst << '\n';
            EXPECT_LE(worst, 1e-5) << rate << " Hz, " << n << " samples";
        }
    }
}

TEST_F(DenoiserTest, KeepsTheLast40Ms) {
    const auto model = toy("");
    std::vector<float> in(16000, 0.0F);
    for (std::size_t i = in.size() - 640; i < in.size(); ++i) in[i] = i % 2 == 0 ? 0.5F : -0.25F;
    const auto out = enhanced(with(model), in);
    ASSERT_TRUE(out) << out.error().message;
    const auto worst = worst_error(in, *out);
    std::cout << "worst error " << worst << '\n';
    EXPECT_LE(worst, 1e-5);
}

TEST_F(DenoiserTest, AppliesTheModelsGain) {
    for (const char* flags : {"--gain 0.5", "--gain 0.5 --rate 48000"}) {
        const auto in = speech_like(30000);
        const auto out = enhanced(with(toy(flags)), in);
        ASSERT_TRUE(out) << out.error().message;
        const auto worst = worst_error(in, *out, 0.5F);
        std::cout << flags << ": worst error " << worst << '\n';
        EXPECT_LE(worst, 1e-5);
    }
}

TEST_F(DenoiserTest, GivesTheSameForAnyChunks) {
    const auto model = toy("--gain 0.1 --gate 0.5");
    const auto in = speech_like(20000);
    const auto reference = enhanced(with(model), in, 4800);
    ASSERT_TRUE(reference) << reference.error().message;
    EXPECT_GT(worst_error(in, *reference), 1e-3) << "the noise gate did nothing";
    for (const std::size_t chunk : {std::size_t(1000), std::size_t(161), std::size_t(20000)})
        EXPECT_EQ(enhanced(with(model), in, chunk).value(), *reference) << chunk;
}

TEST_F(DenoiserTest, LowersNoiseByTheLimitAndNoMore) {
    auto options = with(toy("--gain 0"));
    options.attenuation_limit_db = 20;
    const auto in = speech_like(20000);
    const auto out = enhanced(options, in, 777);
    ASSERT_TRUE(out) << out.error().message;
    ASSERT_EQ(out->size(), in.size());
    EXPECT_LE(worst_error(in, *out, 0.1F), 1e-5);
}

TEST_F(DenoiserTest, TakesSamplesThatAreNoNumbersForSilence) {
    auto in = speech_like(16000);
    auto expected = in;
    for (const std::size_t at : {std::size_t(0), std::size_t(5000), std::size_t(15999)}) expected[at] = 0;
    in[0] = std::numeric_limits<float>::quiet_NaN();
    in[5000] = std::numeric_limits<float>::infinity();
    in[15999] = -std::numeric_limits<float>::infinity();
    const auto out = enhanced(with(toy("")), in);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_LE(worst_error(expected, *out), 1e-5);
}

TEST_F(DenoiserTest, CutsOffSamplesThatAreAbsurdlyLoudSoThatTheModelRecovers) {
    auto in = speech_like(16000);
    in[3000] = std::numeric_limits<float>::max();
    in[3001] = std::numeric_limits<float>::lowest();
    const auto out = enhanced(with(toy("")), in);
    ASSERT_TRUE(out) << out.error().message;
    in.erase(in.begin(), in.begin() + 4000);
    EXPECT_LE(worst_error(in, std::vector<float>(out->begin() + 4000, out->end())), 1e-5);
}

TEST_F(DenoiserTest, SurvivesEveryKindOfBadModelWithAClearError) {
    const auto path = dir_.file("toy.onnx");
    for (const auto& [kind, make] : bad_models(path)) {
        make();
        const auto denoiser = Denoiser::start(with(path));
        if (denoiser) {
            ADD_FAILURE() << kind << " was taken";
            continue;
        }
        std::cout << kind << ": " << denoiser.error().message << '\n';
        EXPECT_THAT(denoiser.error().message, HasSubstr(path)) << kind;
    }
}

TEST_F(DenoiserTest, SaysWhereTheLibraryIsMissing) {
    ::setenv("ONETAKE_SHERPA_LIBRARY", dir_.file("libnone.so").c_str(), 1);
    const auto denoiser = Denoiser::start(with(toy("")));
    ::unsetenv("ONETAKE_SHERPA_LIBRARY");
    ASSERT_FALSE(denoiser);
    EXPECT_EQ(denoiser.error().code, ErrorCode::missing_part);
    EXPECT_THAT(denoiser.error().message, HasSubstr("libnone.so"));
}

TEST_F(DenoiserTest, RefusesALibraryOfAnotherVersion) {
    ::setenv("ONETAKE_SHERPA_LIBRARY", ONETAKE_OTHER_SHERPA, 1);
    const auto denoiser = Denoiser::start(with(toy("")));
    ::unsetenv("ONETAKE_SHERPA_LIBRARY");
    ASSERT_FALSE(denoiser);
    EXPECT_EQ(denoiser.error().code, ErrorCode::missing_part);
    EXPECT_THAT(denoiser.error().message, HasSubstr("sherpa-onnx 0.0.1"));
}

TEST_F(DenoiserTest, SaysWhereTheProgramIsMissing) {
    const std::string real = ::getenv("ONETAKE_ENHANCE_WORKER");
    ::setenv("ONETAKE_ENHANCE_WORKER", dir_.file("none").c_str(), 1);
    const auto denoiser = Denoiser::start(with(toy("")));
    ::setenv("ONETAKE_ENHANCE_WORKER", real.c_str(), 1);
    ASSERT_FALSE(denoiser);
    EXPECT_EQ(denoiser.error().code, ErrorCode::missing_part);
    EXPECT_THAT(denoiser.error().message, HasSubstr("none"));
}

TEST_F(DenoiserTest, TellsOfAWorkerThatWasKilled) {
    auto denoiser = Denoiser::start(with(toy("")));
    ASSERT_TRUE(denoiser) << denoiser.error().message;
    std::vector<float> out;
    ASSERT_TRUE(denoiser->write(speech_like(16000), out));
    ASSERT_EQ(::kill(denoiser->worker_pid(), SIGKILL), 0);
    Status status;
    for (int i = 0; i < 100 && status; ++i) status = denoiser->write(speech_like(16000), out);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("signal 9"));
    EXPECT_FALSE(denoiser->finish(out));
}

TEST_F(DenoiserTest, LeavesNeitherProcessNorDescriptorBehind) {
    const auto count = [](const char* folder) {
        return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
    };
    const auto model = toy("");
    const auto before = count("/proc/self/fd");
    std::vector<float> out;
    {
        auto living = Denoiser::start(with(model));
        auto killed = Denoiser::start(with(model));
        ASSERT_TRUE(living && killed);
        ASSERT_EQ(::kill(killed->worker_pid(), SIGKILL), 0);
        while (killed->write(speech_like(1000), out)) {
        }
        EXPECT_TRUE(living->write(speech_like(1000), out));
        EXPECT_FALSE(Denoiser::start(with(toy("--set profile=dpdfnet_of_tomorrow"))));
        EXPECT_FALSE(Denoiser::start(with(dir_.file("none"))));
    }
    EXPECT_EQ(count("/proc/self/fd"), before);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST_F(DenoiserTest, GivesUpOnAWorkerThatDoesNotAnswer) {
    auto options = with(toy(""));
    options.timeout = std::chrono::seconds(2);
    auto denoiser = Denoiser::start(options);
    ASSERT_TRUE(denoiser) << denoiser.error().message;
    ASSERT_EQ(::kill(denoiser->worker_pid(), SIGSTOP), 0);
    std::vector<float> out;
    Status status;
    for (int i = 0; i < 100 && status; ++i) status = denoiser->write(speech_like(16000), out);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::timed_out);
}

TEST_F(DenoiserTest, StopsWaitingWhenCancelled) {
    std::stop_source cancel;
    auto options = with(toy(""));
    options.cancel = cancel.get_token();
    auto denoiser = Denoiser::start(options);
    ASSERT_TRUE(denoiser) << denoiser.error().message;
    ASSERT_EQ(::kill(denoiser->worker_pid(), SIGSTOP), 0);
    std::thread canceller([&] { cancel.request_stop(); });
    std::vector<float> out;
    Status status;
    while (status) status = denoiser->write(speech_like(16000), out);
    canceller.join();
    EXPECT_EQ(status.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace onetake
