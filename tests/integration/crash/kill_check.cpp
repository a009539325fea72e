// kill_check: records with the program, kills it at random instants, and checks whether every take is recovered, how
// much media was lost, and whether the MP4 is in sync.

#include "integration/crash/child.h"
#include "take/journal_reader.h"
#include "take/take_files.h"

#include <onetake/recorder.h>
#include <onetake/take.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

namespace onetake {
namespace {

namespace fs = std::filesystem;
constexpr double kFps = 60;
constexpr double kShortestInSync_s = 1.3;  // has a flash and a beep for sure

struct Options {
    std::string program, avsync, folder, store = "jpeg";
    int kills = 24, parallel = 3;
    std::uint64_t seed = 1;
    double max_loss_ms = 100, max_video_loss_ms = 100, max_av_ms = 1;
    bool keep = false;
};

struct Tally {
    int begun = 0, not_begun = 0, while_recording = 0, while_finishing = 0, later = 0, ended_itself = 0;
    int while_processing = 0;
    int mp4s = 0, mp4s_in_sync = 0, parts_played = 0;
    double worst_video_ms = 0, worst_audio_ms = 0, worst_av_ms = 0;
    std::vector<std::string> failures;
};

/// The end of a killed take, by its journal.
struct Reached {
    bool begun = false, closed = false;
    std::optional<HostTime> first_media, video_end, audio_end;
    std::map<int, std::uint64_t> part_frames;  // named by the journal, by part of an encoded track
};

Reached read_journal(const std::string& folder) {
    Reached r;
    auto reader = JournalReader::open(folder);
    if (!reader) return r;
    r.begun = true;
    while (const auto record = reader->next().value_or(std::nullopt)) {
        if (const auto* f = std::get_if<FrameRecord>(&*record)) {
            if (!r.first_media) r.first_media = f->stamp.time;
            if (f->packet) ++r.part_frames[f->packet->part];
            r.video_end = f->stamp.time + duration_from_seconds(1 / kFps);
        } else if (const auto* a = std::get_if<BlockRecord>(&*record)) {
            if (!r.first_media) r.first_media = a->time;
            r.audio_end = a->time + from_ticks(a->samples, 48000);
        } else if (std::holds_alternative<EndRecord>(*record)) {
            r.closed = true;
        }
    }
    return r;
}

double ms(Duration d) {
    return to_seconds(d) * 1e3;
}

class KillCheck {
 public:
    explicit KillCheck(const Options& options) : options_(options) {}

    Tally run() {
        std::vector<std::thread> threads;
        std::atomic<int> next{0};
        for (int i = 0; i < options_.parallel; ++i)
            threads.emplace_back([&] {
                for (int n = next++; n < options_.kills; n = next++) {
                    try {
                        // Of six kills, two happen while a take is closed, and one while a stored take is rendered.
                        n % 6 == 5 ? kill_processing(n) : kill_recording(n, n % 6 == 1 || n % 6 == 3);
                    } catch (const std::exception& e) {
                        failed(n, e.what());
                    }
                }
            });
        for (auto& thread : threads) thread.join();
        return tally_;
    }

 private:
    struct Round {
        std::string folder, takes, rendered, output;
        std::mt19937_64 random;
        double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
    };

    Round begin(int n) const {
        const auto folder = fmt::format("{}/{}", options_.folder, n);
        fs::create_directories(folder);
        return {folder, folder + "/takes", folder + "/rendered", folder + "/output",
                std::mt19937_64(options_.seed * 1'000'003 + static_cast<std::uint64_t>(n))};
    }

    std::vector<std::string> record_args(const Round& round, double seconds, bool mp4) const {
        return {options_.program,
                "record",
                "--source",
                "test",
                "--width",
                "160",
                "--height",
                "120",
                "--fps",
                fmt::format("{}", kFps),
                "--warmup",
                "0",
                "--duration",
                fmt::format("{:.3f}", seconds),
                "--name",
                "t",
                "--data-dir",
                round.takes,
                "--processed-dir",
                round.rendered,
                "--store",
                options_.store,
                mp4 ? "--mp4" : "--no-mp4",
                "--quiet"};
    }

    void kill_recording(int n, bool finishing) {
        auto round = begin(n);
        const double seconds = round.uniform(0.3, finishing ? 1.5 : 2.6);
        const bool mp4 = n % 3 != 0;
        Child program(record_args(round, seconds, mp4), round.output);
        const auto started = host_now();
        const bool ended =
            finishing ? wait_for_closing(round, program) ||
                            program.wait_until(host_now() +
                                               duration_from_seconds(0.02 * round.uniform(0, 1) * round.uniform(0, 1)))
                      : program.wait_until(started + duration_from_seconds(round.uniform(0, seconds + 0.6)));
        const bool closing = !fs::exists(reserve(round));
        const auto killed = program.kill();
        const auto reached = read_journal(round.takes + "/t");
        {
            std::lock_guard lock(mutex_);
            if (ended)
                ++tally_.ended_itself;
            else if (!reached.begun)
                ++tally_.not_begun;
            else
                ++(reached.closed ? tally_.later : closing ? tally_.while_finishing : tally_.while_recording);
        }
        if (ended && program.code() != 0) failed(n, fmt::format("the program ended with {}", program.code()));
        if (!reached.begun) return end(round);
        if (!reached.closed) judge_loss(n, reached, killed, seconds);
        play_parts(n, round, reached);
        recover(n, round);
        end(round);
    }

    static std::string reserve(const Round& round) { return fmt::format("{}/t/{}", round.takes, kReserveName); }

    // Giving the reserve back is the first step of closing a take. True if the program ended before that was seen.
    static bool wait_for_closing(const Round& round, Child& program) {
        for (bool begun = false;;) {
            const bool there = fs::exists(reserve(round));
            if (begun && !there) return false;
            begun = begun || there;
            if (program.wait_until(host_now() + std::chrono::microseconds(200))) return true;
        }
    }

    // Until it is killed, or its time is up, the program stores what its devices deliver.
    void judge_loss(int n, const Reached& reached, HostTime killed, double seconds) {
        if (!reached.first_media) return;
        const auto until = std::min(killed, *reached.first_media + duration_from_seconds(seconds));
        const double video = ms(until - reached.video_end.value_or(*reached.first_media));
        const double audio = ms(until - reached.audio_end.value_or(*reached.first_media));
        std::lock_guard lock(mutex_);
        tally_.worst_video_ms = std::max(tally_.worst_video_ms, video);
        tally_.worst_audio_ms = std::max(tally_.worst_audio_ms, audio);
        if (video > options_.max_video_loss_ms || audio > options_.max_loss_ms)
            tally_.failures.push_back(
                fmt::format("kill {}: {:.1f} ms of video and {:.1f} ms of audio were lost", n, video, audio));
    }

    // Each part of an encoded track plays as the kill left it: it has every frame that the journal names.
    void play_parts(int n, const Round& round, const Reached& reached) {
        for (const auto& [number, frames] : reached.part_frames) {
            const auto path = fmt::format("{}/t/video/{}", round.takes, part_file(number));
            const auto output = round.folder + "/frames";
            Child player({"/usr/bin/env", "ffprobe", "-v", "quiet", "-count_frames", "-show_entries",
                          "stream=nb_read_frames", "-of", "csv=p=0", path},
                         output);
            player.wait_until(host_now() + std::chrono::minutes(2));
            std::uint64_t played = 0;
            std::ifstream(output) >> played;
            if (player.code() != 0 || played < frames)
                failed(n, fmt::format("ffprobe decodes {} of {} frames of {}", played, frames, path));
            std::lock_guard lock(mutex_);
            ++tally_.parts_played;
        }
    }

    void recover(int n, const Round& round) {
        const auto recovered = recover_take(round.takes, "t");
        if (!recovered) return failed(n, recovered.error().message);
        const auto checked = check_take(round.takes, "t");
        if (!checked) return failed(n, checked.error().message);
        if (!checked->closed || checked->needs_recovery || !checked->findings.empty())
            return failed(n, "it is not complete after its recovery:\n" + to_json(*checked));
        for (const auto& loss : checked->losses)
            if (loss.cause != LossCause::no_record || loss.count > (loss.track == "v1" ? 2u : 1024u))
                failed(n, "something was lost:\n" + to_json(*checked));
        const auto again = recover_take(round.takes, "t");
        if (!again || !again->steps.empty()) failed(n, "a second recovery had something to do");
        {
            std::lock_guard lock(mutex_);
            ++tally_.begun;
        }
        if (checked->frames > 0) render(n, round, checked->duration_s);
    }

    void render(int n, const Round& round, double seconds) {
        RecorderConfig config;
        config.data_dir = round.takes;
        config.processed_dir = round.rendered;
        if (options_.store == "jpeg") config.encode.preset = "ultrafast";  // packets are copied
        auto recorder = AVRecorder::create(config);
        const auto take = recorder->process("t");
        if (!take) return failed(n, take.error().message);
        {
            std::lock_guard lock(mutex_);
            ++tally_.mp4s;
        }
        if (seconds < kShortestInSync_s) return;
        const auto report = round.folder + "/avsync";
        Child decoder({options_.avsync, take->mp4_path, "--json", "--max-ms", fmt::format("{}", options_.max_av_ms)},
                      report);
        decoder.wait_until(host_now() + std::chrono::minutes(2));
        std::ifstream file(report);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        // Its helper programs may print something before the report.
        const auto at = text.rfind("{\"frames\"");
        const auto json = nlohmann::json::parse(at == std::string::npos ? text : text.substr(at), nullptr, false);
        if (decoder.code() != 0 || !json.is_object())
            return failed(n, fmt::format("the MP4 of {:.2f} s is not in sync: {}", seconds, text));
        std::lock_guard lock(mutex_);
        ++tally_.mp4s_in_sync;
        tally_.worst_av_ms = std::max(tally_.worst_av_ms, std::abs(json.at("worst_ms").get<double>()));
    }

    void kill_processing(int n) {
        auto round = begin(n);
        Child recording(record_args(round, 1.5, false), round.output);
        if (!recording.wait_until(host_now() + std::chrono::minutes(1)) || recording.code() != 0)
            return failed(n, "the take to render was not recorded");
        Child program(
            {options_.program, "process", "t", "--data-dir", round.takes, "--processed-dir", round.rendered, "--quiet"},
            round.output);
        program.wait_until(host_now() + duration_from_seconds(round.uniform(0, 0.6)));
        program.kill();
        {
            std::lock_guard lock(mutex_);
            ++tally_.while_processing;
        }
        const auto checked = check_take(round.takes, "t");
        if (!checked || !checked->whole()) failed(n, "rendering changed the take");
        // There is a complete MP4 or none.
        if (fs::exists(round.rendered + "/t.mp4")) {
            Child decoder({options_.avsync, round.rendered + "/t.mp4", "--min-pairs", "1"}, round.folder + "/avsync");
            decoder.wait_until(host_now() + std::chrono::minutes(2));
            if (decoder.code() != 0) failed(n, "a killed rendering left an incomplete MP4");
        }
        recover(n, round);
        end(round);
    }

    void end(const Round& round) const {
        std::error_code ignored;
        if (!options_.keep) fs::remove_all(round.folder, ignored);
    }

    void failed(int n, const std::string& why) {
        std::lock_guard lock(mutex_);
        tally_.failures.push_back(fmt::format("kill {}: {}", n, why));
    }

    const Options options_;
    std::mutex mutex_;
    Tally tally_;
};

int check_kills(Options options) {
    auto pattern = (fs::temp_directory_path() / "onetake-kill-XXXXXX").string();
    options.folder = ::mkdtemp(pattern.data());
    const auto t = KillCheck(options).run();
    fmt::print(
        "{} kills: {} before the take began, {} while recording, {} while closing it, {} after its end record, {} "
        "while "
        "rendering a stored take; "
        "{} came too late\n",
        options.kills, t.not_begun, t.while_recording, t.while_finishing, t.later, t.while_processing, t.ended_itself);
    fmt::print("{} takes recovered; lost before the kill at most {:.1f} ms of video and {:.1f} ms of audio\n", t.begun,
               t.worst_video_ms, t.worst_audio_ms);
    fmt::print("{} MP4s rendered, {} of them long enough to measure: |A-V| at most {:.3f} ms\n", t.mp4s, t.mp4s_in_sync,
               t.worst_av_ms);
    if (options.store != "jpeg") fmt::print("{} parts played as they were left\n", t.parts_played);
    for (const auto& failure : t.failures) fmt::print("FAILED {}\n", failure);
    std::error_code ignored;
    if (t.failures.empty() || !options.keep) fs::remove_all(options.folder, ignored);
    return t.failures.empty() && t.while_recording > 0 && t.mp4s_in_sync > 0 &&
                   (options.store == "jpeg" || t.parts_played > 0)
               ? 0
               : 1;
}

}  // namespace
}  // namespace onetake

int main(int argc, char** argv) {
    onetake::Options options;
    CLI::App app{"Kills the recorder at random instants and checks what is left."};
    app.add_option("PROGRAM", options.program, "onetake")->required();
    app.add_option("AVSYNC_CHECK", options.avsync, "avsync_check")->required();
    app.add_option("--kills", options.kills);
    app.add_option("--parallel", options.parallel);
    app.add_option("--seed", options.seed);
    app.add_option("--max-loss-ms", options.max_loss_ms);
    app.add_option("--max-video-loss-ms", options.max_video_loss_ms);
    app.add_option("--store", options.store, "how video is stored: jpeg, or an encoder");
    app.add_flag("--keep", options.keep, "keep the takes of failures");
    CLI11_PARSE(app, argc, argv);
    return onetake::check_kills(options);
}
