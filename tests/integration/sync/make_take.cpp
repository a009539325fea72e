// make_take DATA_DIR NAME [key=value ...]: writes a take as a faulty sound card would have left it, as fast as it goes.
// Every second a flash (exact frame stamp) and a beep (by the card's true clock). Keys, times in seconds:
//   length=600 fps=30 rate=48000 ppm=0 ppm2=(ppm of the second half) jitter_ms=0 (uniform, each block's stamp)
//   late_ms=0 (mean by which each stamp is late besides, exponential)   burst=1 (1 to so many blocks arrive together)
//   arrival=0|1 (stamps are marked as arrivals)
//   stall_at=T stall=0.4 (delivery stops, then comes in a burst; stamps are arrivals)
//   loss_at=T loss=0.5 losses=1 (that many, evenly over the rest) flagged=0|1    audio_from=0 (begins later)   seed=1
#include "base/clock.h"
#include "support/plain_frames.h"
#include "take/take_writer.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace onetake;

constexpr int kBlock = 1024;
constexpr double kBeepSeconds = 0.05, kFlashSeconds = 0.1;

class Scenario {
 public:
    Scenario(int count, char** words) {
        for (int i = 0; i < count; ++i) {
            const std::string word = words[i];
            const auto equals = word.find('=');
            if (equals == std::string::npos || !values_.contains(word.substr(0, equals))) {
                std::fprintf(stderr, "make_take: unknown setting %s\n", word.c_str());
                std::exit(2);
            }
            values_[word.substr(0, equals)] = std::stod(word.substr(equals + 1));
        }
        if (std::isnan(values_["ppm2"])) values_["ppm2"] = values_["ppm"];
    }
    double operator[](const char* key) const { return values_.at(key); }

 private:
    std::map<std::string, double> values_ = {
        {"length", 600},   {"fps", 30},    {"rate", 48000}, {"ppm", 0},    {"ppm2", NAN}, {"jitter_ms", 0},
        {"stall_at", -1},  {"stall", 0.4}, {"loss_at", -1}, {"loss", 0.5}, {"losses", 1}, {"flagged", 0},
        {"audio_from", 0}, {"seed", 1},    {"late_ms", 0},  {"burst", 1},  {"arrival", 0}};
};

/// The sound card's true clock: seconds since the take's beginning at which its n-th sample is taken.
class Card {
 public:
    explicit Card(const Scenario& s)
        : from_(s["audio_from"]),
          first_(s["rate"] * (1 + s["ppm"] * 1e-6)),
          second_(s["rate"] * (1 + s["ppm2"] * 1e-6)),
          half_((s["length"] - from_) / 2 * first_) {}
    double time(std::int64_t n) const {
        const auto x = static_cast<double>(n);
        return from_ + (x <= half_ ? x / first_ : half_ / first_ + (x - half_) / second_);
    }

 private:
    double from_, first_, second_, half_;
};

bool is_lost(const Scenario& s, double t) {
    if (s["loss_at"] < 0) return false;
    const double every = (s["length"] - s["loss_at"]) / s["losses"];
    const double since = t - s["loss_at"];
    return since >= 0 && since < every * s["losses"] && std::fmod(since, every) < s["loss"];
}

std::int16_t sample_at(double t) {
    const double in_second = t - std::floor(t);
    return in_second < kBeepSeconds
               ? static_cast<std::int16_t>(std::lrint(16000 * std::sin(2 * std::numbers::pi * 1000 * in_second)))
               : std::int16_t{0};
}

Status make(const std::string& data_dir, const std::string& name, const Scenario& s) {
    auto made = TakeWriter::create({data_dir, name, "make_take", "{}", false}, read_clocks());
    if (!made) return fail(made.error());
    auto& writer = *made;
    constexpr int kWidth = 64, kHeight = 48;
    VideoDescription video;
    video.device = "make_take";
    video.width = kWidth;
    video.height = kHeight;
    video.fps = s["fps"];
    AudioDescription audio;
    audio.device = "make_take";
    audio.sample_rate = static_cast<int>(s["rate"]);
    audio.channels = 1;
    audio.blocksize = kBlock;
    const auto v = writer.add_video_track(video).value();
    const auto a = writer.add_audio_track(audio).value();
    const auto dark = plain_jpeg(kWidth, kHeight, 20), light = plain_jpeg(kWidth, kHeight, 235);
    const auto begin = host_time_from_ns(1'000'000'000'000);
    const auto at = [&](double t) { return begin + duration_from_seconds(t); };

    std::mt19937 random(static_cast<unsigned>(s["seed"]));
    std::uniform_real_distribution<double> jitter(-s["jitter_ms"] * 1e-3, s["jitter_ms"] * 1e-3);
    std::exponential_distribution<double> late;
    const auto burst = static_cast<int>(s["burst"]);
    int left = 0;              // blocks of the burst that are still to come
    double burst_arrival = 0;  // when its blocks arrive
    const Card card(s);
    std::int64_t frame = 0, sample = 0;
    bool lost = false;
    AudioBlock block;
    const auto frames = static_cast<std::int64_t>(s["length"] * s["fps"]);
    while (frame < frames) {
        // A block of audio is there when its last sample is; frames come between.
        block.samples.clear();
        std::int64_t n = sample;
        double first = card.time(n);
        while (block.samples.size() < kBlock) {
            const double t = card.time(n++);
            if (is_lost(s, t)) {
                lost = true;
                if (!block.samples.empty()) break;
                first = card.time(n);
                continue;
            }
            block.samples.push_back(sample_at(t));
        }
        sample = n;
        for (; frame < frames && static_cast<double>(frame) / s["fps"] <= card.time(n); ++frame) {
            const double t = static_cast<double>(frame) / s["fps"];
            const bool flash = t - std::floor(t + 1e-9) < kFlashSeconds - 1e-9;
            const auto& jpeg = flash ? light : dark;
            ONETAKE_TRY(writer.write_frame(v, {reinterpret_cast<const std::uint8_t*>(jpeg.data()), jpeg.size()},
                                           {at(t), at(t), StampSource::pushed, {}}));
        }
        const double length = static_cast<double>(block.samples.size()) / s["rate"];
        const double captured = s["arrival"] != 0 ? card.time(n) - length : first;
        double stamp = captured + jitter(random) + s["late_ms"] * 1e-3 * late(random);
        if (burst > 1) {
            if (left == 0) {
                left = std::uniform_int_distribution<int>(1, burst)(random);
                burst_arrival = card.time(n + (left - 1) * kBlock) + s["late_ms"] * 1e-3 * late(random);
            }
            --left;
            stamp = burst_arrival - length;
        }
        if (s["stall_at"] >= 0 && first >= s["stall_at"] && first < s["stall_at"] + s["stall"])
            stamp = s["stall_at"] + s["stall"];
        block.time = block.arrival = at(stamp);
        block.source = s["arrival"] != 0 ? StampSource::arrival : StampSource::device;
        block.xrun = lost && s["flagged"] != 0 && first > s["loss_at"];
        if (!is_lost(s, card.time(n))) lost = false;
        ONETAKE_TRY(writer.write_block(a, block));
    }
    Metrics metrics;
    metrics.duration_s = s["length"];
    EndRecord end;
    end.time = at(s["length"]);
    end.duration_s = s["length"];
    return writer.finish(end, metrics);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: make_take DATA_DIR NAME [key=value ...]\n", stderr);
        return 2;
    }
    if (auto made = make(argv[1], argv[2], Scenario(argc - 3, argv + 3)); !made) {
        std::fprintf(stderr, "make_take: %s\n", made.error().message.c_str());
        return 1;
    }
    return 0;
}
