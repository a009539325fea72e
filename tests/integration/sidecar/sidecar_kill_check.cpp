// sidecar_kill_check: kills `onetake mux --in-place` and `onetake sidecar` at random instants. The video is then the
// old or the new file, complete, and the WAV and its take are readable.

#include "integration/crash/child.h"
#include "take/wav.h"

#include <onetake/mux.h>
#include <onetake/take.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <random>

namespace onetake {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::string program, folder;
    int kills = 60;
    std::uint64_t seed = 1;
};

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class KillCheck {
 public:
    explicit KillCheck(const Options& options) : options_(options), random_(options.seed) {}

    bool run() {
        make_video();
        record();
        make_reference();
        for (int n = 0; n < options_.kills; ++n) n % 3 == 2 ? kill_sidecar(n) : kill_mux(n);
        fmt::print(
            "{} kills: the video was {} times the old file, {} times the new one, {} times the mux had ended;\n"
            "{} recordings were killed before their first block, {} later, of which all WAVs are readable\n",
            options_.kills, old_, new_, ended_, before_first_, recordings_);
        if (old_ == 0) failed("no mux was killed before its rename");
        if (recordings_ == 0) failed("no recording was killed while it ran");
        return failures_ == 0;
    }

 private:
    double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
    void failed(const std::string& text) {
        fmt::print("{}\n", text);
        ++failures_;
    }

    void make_video() {
        const auto command = fmt::format(
            "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=d=20:r=30:s=320x240 -c:v libx264 -preset ultrafast '{}'",
            original_);
        if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
        old_bytes_ = bytes_of(original_);
    }

    std::vector<std::string> sidecar_args(const std::string& folder) const {
        return {options_.program, "sidecar", "cam", "--source", "test", "--data-dir", folder, "--parent", "0"};
    }

    // The one take of a folder; empty without one.
    static std::string take_in(const std::string& folder) {
        std::error_code ec;
        for (const auto& entry : fs::directory_iterator(folder, ec))
            if (entry.is_directory()) return entry.path();
        return {};
    }

    void record() {
        const auto folder = options_.folder + "/takes";
        Child sidecar(sidecar_args(folder), options_.folder + "/output");
        sidecar.wait_until(host_now() + std::chrono::seconds(3));
        sidecar.kill();
        take_ = take_in(folder);
        if (take_.empty()) throw std::runtime_error("no take was recorded: " + bytes_of(options_.folder + "/output"));
        wav_bytes_ = bytes_of(take_ + "/audio.wav");
    }

    std::vector<std::string> mux_args() const {
        return {options_.program, "mux", video_, "--audio", take_, "--delta", "0.5", "--in-place", "--quiet"};
    }

    void make_reference() {
        fs::copy_file(original_, video_);
        const auto begin = host_now();
        Child mux(mux_args(), options_.folder + "/output");
        if (!mux.wait_until(begin + std::chrono::minutes(1)) || mux.code() != 0)
            throw std::runtime_error("the mux failed: " + bytes_of(options_.folder + "/output"));
        mux_s_ = to_seconds(host_now() - begin);
        new_bytes_ = bytes_of(video_);
        if (new_bytes_ == old_bytes_) throw std::runtime_error("the mux changed nothing");
    }

    void kill_mux(int n) {
        fs::copy_file(original_, video_, fs::copy_options::overwrite_existing);
        Child mux(mux_args(), options_.folder + "/output");
        ended_ += mux.wait_until(host_now() + duration_from_seconds(uniform(0, 1.2 * mux_s_))) ? 1 : 0;
        mux.kill();
        const auto now = bytes_of(video_);
        if (now == old_bytes_)
            ++old_;
        else if (now == new_bytes_)
            ++new_;
        else
            failed(fmt::format("kill {}: the video is neither the old nor the new file", n));
        if (bytes_of(take_ + "/audio.wav") != wav_bytes_) failed(fmt::format("kill {}: the WAV has changed", n));
        // Another mux removes what a killed one left.
        if (n % 10 != 0) return;
        Child again(mux_args(), options_.folder + "/output");
        again.wait_until(host_now() + std::chrono::minutes(1));
        for (const auto& entry : fs::directory_iterator(options_.folder))
            if (entry.path().extension() == ".part")
                failed(fmt::format("kill {}: {} is left", n, entry.path().string()));
    }

    void kill_sidecar(int n) {
        const auto folder = fmt::format("{}/takes{}", options_.folder, n);
        Child sidecar(sidecar_args(folder), options_.folder + "/output");
        sidecar.wait_until(host_now() + duration_from_seconds(uniform(0, 1.5)));
        sidecar.kill();
        const auto take = take_in(folder);
        if (take.empty() || !fs::exists(take + ".wav")) {
            ++before_first_;
            return;
        }
        const auto wav = WavReader::open(take + "/audio.wav");
        if (!wav) return failed(fmt::format("kill {}: {}", n, wav.error().message));
        if (wav->frames() == 0) failed(fmt::format("kill {}: the WAV is empty", n));
        const auto recovered = recover_take(folder, fs::path(take).filename());
        if (!recovered) return failed(fmt::format("kill {}: {}", n, recovered.error().message));
        const auto video = fmt::format("{}/v{}.mp4", options_.folder, n);
        fs::copy_file(original_, video);
        MuxOptions mux;
        mux.delta = 0;
        mux.delete_audio = true;
        const auto made = mux_audio(video, take, mux);
        if (!made) return failed(fmt::format("kill {}: {}", n, made.error().message));
        if (made->audio_samples_lost != 0 || !made->audio_deleted || fs::exists(take) || fs::exists(take + ".wav"))
            failed(fmt::format("kill {}: {}", n, to_json(*made)));
        ++recordings_;
    }

    const Options& options_;
    std::mt19937_64 random_;
    const std::string original_ = options_.folder + "/original.mp4", video_ = options_.folder + "/video.mp4";
    std::string take_, old_bytes_, new_bytes_, wav_bytes_;
    double mux_s_ = 0;
    int old_ = 0, new_ = 0, ended_ = 0, before_first_ = 0, recordings_ = 0, failures_ = 0;
};

int check_kills(Options options) {
    auto folder = (fs::temp_directory_path() / "onetake-kill-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    options.folder = folder;
    bool good = false;
    try {
        good = KillCheck(options).run();
    } catch (const std::exception& e) {
        fmt::print("{}\n", e.what());
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return good ? 0 : 1;
}

}  // namespace
}  // namespace onetake

int main(int argc, char** argv) {
    onetake::Options options;
    CLI::App app{"Kills the sidecar and its mux at random instants."};
    app.add_option("PROGRAM", options.program)->required();
    app.add_option("--kills", options.kills);
    app.add_option("--seed", options.seed);
    CLI11_PARSE(app, argc, argv);
    return onetake::check_kills(options);
}
