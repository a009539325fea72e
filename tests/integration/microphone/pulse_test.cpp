#include "base/clock.h"
#include "integration/microphone/audio_collector.h"
#include "portaudio/microphone.h"

#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <memory>
#include <numbers>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using Kind = SourceEvent::Kind;

constexpr int kRate = 48'000;

/// Run by tests/support/with_pulse.sh.
class PulseTest : public ::testing::Test {
 protected:
    void SetUp() override {
        const char* pid = std::getenv("PULSE_PID");
        ASSERT_TRUE(pid) << "to be run by tests/support/with_pulse.sh";
        server = static_cast<pid_t>(std::stol(pid));
        MicrophoneOptions options;
        options.stall_after = 500ms;
        options.retry_every = 100ms;
        auto opened = Microphone::open(options);
        ASSERT_TRUE(opened) << opened.error().message;
        microphone = std::move(*opened);
        ASSERT_TRUE(microphone->start(collector));
    }
    // Calls that were abandoned to stop in time end before the program does.
    void TearDown() override {
        microphone.reset();
        if (server > 0) kill(server, SIGCONT);
        while (BoundedCall::abandoned() > 0) std::this_thread::yield();
    }
    void stop_in_time() {
        const auto before = host_now();
        microphone->stop();
        EXPECT_LT(host_now() - before, 5s);
    }

    pid_t server = 0;
    AudioCollector collector;
    std::unique_ptr<Microphone> microphone;
};

// Plays 440 Hz to the server from the beginning to the end of its life.
class Player {
 public:
    Player() {
        int pipe_ends[2];
        if (pipe2(pipe_ends, O_CLOEXEC) != 0) return;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, pipe_ends[0], STDIN_FILENO);
        const char* arguments[] = {"pacat", "--rate=48000", "--channels=1", "--format=s16le", nullptr};
        if (posix_spawnp(&process_, "pacat", &actions, nullptr, const_cast<char**>(arguments), environ) != 0)
            process_ = 0;
        posix_spawn_file_actions_destroy(&actions);
        close(pipe_ends[0]);
        samples_ = std::thread([end = pipe_ends[1]] {
            std::signal(SIGPIPE, SIG_IGN);
            std::int64_t n = 0;
            std::vector<std::int16_t> block(kRate / 100);
            do {
                for (auto& sample : block)
                    sample = static_cast<std::int16_t>(
                        std::lround(16000 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(n++) / kRate)));
            } while (write(end, block.data(), block.size() * sizeof block[0]) > 0);
            close(end);
        });
    }
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;
    ~Player() {
        if (process_ > 0) {
            kill(process_, SIGTERM);
            waitpid(process_, nullptr, 0);
        }
        if (samples_.joinable()) samples_.join();
    }

 private:
    pid_t process_ = 0;
    std::thread samples_;
};

TEST_F(PulseTest, RecordsWhatIsPlayed) {
    const Player player;
    ASSERT_TRUE(collector.wait_for_audio(2500ms, kRate));
    stop_in_time();
    auto run = longest_run(collector.blocks(), kRate);
    // The player needs a moment.
    run.erase(run.begin(), run.begin() + static_cast<std::ptrdiff_t>(run.size() / 2));
    ASSERT_GT(run.size(), 20u);
    EXPECT_NEAR(frequency(run, kRate), 440.0, 0.01);
    EXPECT_LT(stamp_line(run, kRate).residual_rms, 10e-3);
    for (const auto& block : run) {
        EXPECT_EQ(block.source, StampSource::device);
        EXPECT_LT(std::chrono::abs(block.arrival - block.time), 500ms) << "on the host's clock, not on the wall clock";
    }
}

TEST_F(PulseTest, NoticesAServerThatHangs) {
    ASSERT_TRUE(collector.wait_for_audio(200ms, kRate));
    kill(server, SIGSTOP);
    EXPECT_TRUE(collector.wait_for(Kind::stall));
    EXPECT_TRUE(collector.wait_for(Kind::device_lost));
    stop_in_time();
}

TEST_F(PulseTest, NoticesAServerThatDies) {
    ASSERT_TRUE(collector.wait_for_audio(200ms, kRate));
    kill(server, SIGKILL);
    EXPECT_TRUE(collector.wait_for(Kind::device_lost));
    stop_in_time();
}

}  // namespace
}  // namespace onetake
