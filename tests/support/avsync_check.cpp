// Reference decoder for A/V sync: decodes a file with the ffmpeg programs, not with this project's code, finds flashes
// and beeps, and measures how far they are apart. Exit: 0 in sync, 1 not (or nothing to compare), 2 usage.
#include "media/sync_marks.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <utility>
#include <vector>

namespace {

using onetake::Duration;

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// Runs a shell command and hands its output over in pieces; throws if the command failed.
void run(const std::string& command, const std::function<void(const char*, std::size_t)>& take) {
    std::FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("can't run " + command);
    std::vector<char> piece(1 << 16);
    while (const auto n = std::fread(piece.data(), 1, piece.size(), pipe)) take(piece.data(), n);
    const int status = pclose(pipe);
    if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("failed: " + command);
}

void run_lines(const std::string& command, const std::function<void(const std::string&)>& take) {
    std::string rest;
    run(command, [&](const char* data, std::size_t size) {
        rest.append(data, size);
        std::size_t from = 0;
        for (auto at = rest.find('\n'); at != std::string::npos; at = rest.find('\n', from)) {
            take(rest.substr(from, at - from));
            from = at + 1;
        }
        rest.erase(0, from);
    });
    if (!rest.empty()) take(rest);
}

// Value after `key`, up to the next blank; empty if the line has none.
std::string value_of(const std::string& line, const std::string& key) {
    const auto at = line.find(key);
    if (at == std::string::npos) return {};
    const auto from = at + key.size();
    return line.substr(from, line.find(' ', from) - from);
}

// Filters get every decoded frame with its own time, before any frame could be dropped or doubled.
std::vector<onetake::LumaSample> video_lumas(const std::string& file) {
    std::vector<onetake::LumaSample> frames;
    Duration time{};
    run_lines("ffmpeg -nostdin -v error -copyts -i " + file +
                  " -map 0:v:0 -an -vf 'settb=expr=1/1000000,scale=64:36:flags=area,format=gray,signalstats,"
                  "metadata=mode=print:key=lavfi.signalstats.YAVG:file=-' -f null -",
              [&](const std::string& line) {
                  if (const auto pts = value_of(line, " pts:"); !pts.empty() && line.rfind("frame:", 0) == 0)
                      time = std::chrono::microseconds(std::stoll(pts));
                  else if (const auto luma = value_of(line, "lavfi.signalstats.YAVG="); !luma.empty())
                      frames.push_back({time, std::stod(luma)});
              });
    return frames;
}

struct AudioFrames {
    int rate = 0;
    std::vector<std::int64_t> first;  ///< index of each frame's first sample in decoding order
    std::vector<double> seconds;      ///< its time
    std::int64_t samples = 0;

    Duration time_of(double sample) const {
        auto at = std::upper_bound(first.begin(), first.end(), static_cast<std::int64_t>(sample));
        const auto i = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, at - first.begin() - 1));
        return onetake::duration_from_seconds(seconds[i] + (sample - static_cast<double>(first[i])) / rate);
    }
};

// Matroska rounds times to a millisecond; the mean of many neighbours that follow each other without a gap does not.
void smooth(AudioFrames& frames) {
    constexpr std::size_t reach = 50;
    std::vector<double> begin;  // when the frame's run would have begun, by this frame's time
    for (std::size_t i = 0; i < frames.first.size(); ++i)
        begin.push_back(frames.seconds[i] - static_cast<double>(frames.first[i]) / frames.rate);
    std::size_t run = 0;
    for (std::size_t i = 0; i < begin.size(); ++i) {
        if (i > 0 && std::abs(begin[i] - begin[i - 1]) > 1.5e-3) run = i;
        double sum = 0;
        int count = 0;
        for (std::size_t k = i > run + reach ? i - reach : run; k < std::min(begin.size(), i + reach + 1); ++k) {
            if (k > i && std::abs(begin[k] - begin[k - 1]) > 1.5e-3) break;
            sum += begin[k];
            ++count;
        }
        frames.seconds[i] = sum / count + static_cast<double>(frames.first[i]) / frames.rate;
    }
}

AudioFrames audio_frames(const std::string& file) {
    AudioFrames frames;
    run_lines("ffprobe -v error -select_streams a:0 -show_entries stream=sample_rate -of csv=p=0 " + file,
              [&](const std::string& line) {
                  if (frames.rate == 0 && !line.empty()) frames.rate = std::atoi(line.c_str());
              });
    if (frames.rate <= 0) throw std::runtime_error("no audio in " + file);
    // Times in ticks would need the stream's time base; ffprobe's seconds have microseconds.
    run_lines("ffprobe -v error -select_streams a:0 -show_entries frame=pts_time,nb_samples -of default=nw=1 " + file,
              [&](const std::string& line) {
                  if (const auto t = value_of(line, "pts_time="); !t.empty()) {
                      frames.first.push_back(frames.samples);
                      if (t == "N/A") throw std::runtime_error("audio without time in " + file);
                      frames.seconds.push_back(std::stod(t));
                  } else if (const auto n = value_of(line, "nb_samples="); !n.empty()) {
                      frames.samples += std::stoll(n);
                  }
              });
    if (frames.samples == 0) throw std::runtime_error("no audio in " + file);
    smooth(frames);
    return frames;
}

// A minute at a time, each reaching a second into the next so that no beep is cut in two.
std::vector<Duration> audio_beeps(const std::string& file, double tone_hz) {
    const auto frames = audio_frames(file);
    const auto rate = static_cast<std::size_t>(frames.rate);
    std::vector<Duration> beeps;
    std::vector<float> samples;
    std::vector<char> loose;
    std::int64_t first = 0, total = 0;
    const auto search = [&] {
        for (const double onset : onetake::find_beeps(samples, static_cast<double>(rate), tone_hz)) {
            const auto t = frames.time_of(static_cast<double>(first) + onset);
            if (beeps.empty() || t - beeps.back() > std::chrono::milliseconds(20)) beeps.push_back(t);
        }
    };
    run("ffmpeg -nostdin -v error -copyts -i " + file + " -map 0:a:0 -vn -ac 1 -f f32le -",
        [&](const char* data, std::size_t size) {
            loose.insert(loose.end(), data, data + size);
            const auto complete = loose.size() / sizeof(float);
            const auto held = samples.size();
            samples.resize(held + complete);
            std::copy_n(loose.begin(), complete * sizeof(float), reinterpret_cast<char*>(samples.data() + held));
            loose.erase(loose.begin(), loose.begin() + static_cast<std::ptrdiff_t>(complete * sizeof(float)));
            total += static_cast<std::int64_t>(complete);
            if (samples.size() < 61 * rate) return;
            search();
            const auto done = samples.size() - rate;
            samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(done));
            first += static_cast<std::int64_t>(done);
        });
    search();
    if (total != frames.samples)
        throw std::runtime_error("ffmpeg gave " + std::to_string(total) + " samples, ffprobe counts " +
                                 std::to_string(frames.samples) + " in " + file);
    return beeps;
}

double ms(Duration d) {
    return static_cast<double>(d.count()) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
    std::string file;
    double max_ms = 1.0, tone_hz = 1000;
    std::size_t min_pairs = 1;
    bool json = false;
    CLI::App app{"Measures how far the flashes and beeps of a file are apart."};
    app.add_option("FILE", file)->required();
    app.add_option("--max-ms", max_ms, "largest offset that counts as in sync");
    app.add_option("--min-pairs", min_pairs, "pairs of flash and beep there must be");
    app.add_option("--tone-hz", tone_hz, "pitch of the beeps");
    app.add_flag("--json", json);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }

    try {
        const auto input = quoted("file:" + file);
        const auto lumas = video_lumas(input);
        const auto report = onetake::pair_marks(onetake::find_flashes(lumas), audio_beeps(input, tone_hz));
        const bool good = report.pairs.size() >= min_pairs && std::abs(ms(report.worst)) <= max_ms;
        if (json) {
            nlohmann::json pairs = nlohmann::json::array();
            for (const auto& pair : report.pairs)
                pairs.push_back({{"flash_s", onetake::to_seconds(pair.flash)}, {"offset_ms", ms(pair.offset())}});
            const nlohmann::json out{{"in_sync", good},
                                     {"frames", lumas.size()},
                                     {"pairs", report.pairs.size()},
                                     {"worst_ms", ms(report.worst)},
                                     {"mean_ms", ms(report.mean)},
                                     {"min_ms", ms(report.smallest)},
                                     {"max_ms", ms(report.largest)},
                                     {"lone_flashes", report.lone_flashes},
                                     {"lone_beeps", report.lone_beeps},
                                     {"marks", std::move(pairs)}};
            std::puts(out.dump().c_str());
        } else {
            std::printf("%zu frames, %zu pairs, %zu flashes and %zu beeps without partner\n", lumas.size(),
                        report.pairs.size(), report.lone_flashes, report.lone_beeps);
            std::printf("audio late by: mean %+.3f ms, worst %+.3f ms, from %+.3f to %+.3f ms\n", ms(report.mean),
                        ms(report.worst), ms(report.smallest), ms(report.largest));
        }
        return good ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "avsync_check: %s\n", e.what());
        return 1;
    }
}
