// aloop_feed DEVICE SECONDS tone|beep [RATE_SHIFT]: plays into a snd-aloop device, so that its other side is a
// microphone that receives
//   tone  443 Hz and nothing else
//   beep  443 Hz, low, and 1 kHz, loud, for the first 100 ms of every second of CLOCK_MONOTONIC
// RATE_SHIFT: the card's control "PCM Rate Shift 100000", if it was changed. Mono, 16 bits, 48 kHz.
// Ends after SECONDS or at SIGTERM with one line of JSON; worst_beep_us is the largest distance of a beep from its
// second, by the final clock estimate.
#include "base/clock.h"

#include <algorithm>
#include <alsa/asoundlib.h>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <string_view>
#include <vector>

namespace {

constexpr unsigned kRate = 48000;
constexpr double kToneHz = 443.0;  // not a divisor of any block length: a lost block is a jump in its phase
constexpr double kBeepHz = 1000.0;
constexpr std::int64_t kBeepSamples = kRate / 10;
constexpr std::int64_t kSecondNs = 1'000'000'000;

volatile std::sig_atomic_t stopped = 0;

/// When sample n is played: start + n / rate. Each reading of the card's position is late by the time since its last
/// update (4 ms at most in snd-aloop), so the earliest start is the best estimate.
class PlayClock {
 public:
    explicit PlayClock(double rate) : rate_(rate) {}
    void add_reading(std::int64_t now_ns, std::int64_t samples_played) {
        start_ns_ =
            std::min(start_ns_, static_cast<double>(now_ns) - static_cast<double>(samples_played) / rate_ * 1e9);
    }
    void reset() { start_ns_ = kUnknown; }
    bool known() const { return start_ns_ < kUnknown; }
    double instant_ns(std::int64_t sample) const { return start_ns_ + static_cast<double>(sample) / rate_ * 1e9; }
    std::int64_t sample_at(std::int64_t ns) const {
        return static_cast<std::int64_t>(std::llround((static_cast<double>(ns) - start_ns_) * rate_ / 1e9));
    }

 private:
    static constexpr double kUnknown = 1e18;
    double rate_;
    double start_ns_ = kUnknown;
};

struct Beep {
    std::int64_t second_ns = 0;  ///< CLOCK_MONOTONIC time it marks
    std::int64_t sample = 0;     ///< first sample
};

/// Generates the audio, block by block.
class Signal {
 public:
    Signal(bool beeps, double rate) : beeping_(beeps), clock_(rate) {}

    PlayClock& clock() { return clock_; }
    std::int64_t position() const { return position_; }
    std::size_t beeps() const { return beeps_.size(); }

    /// Fills `block` with the next samples. A beep's position is fixed when its first sample is generated.
    void next(std::vector<std::int16_t>& block) {
        const std::int64_t end = position_ + static_cast<std::int64_t>(block.size());
        if (beeping_ && clock_.known()) place_beep(end);
        const double tone_level = beeping_ ? 0.03 : 0.5;
        for (std::int16_t& sample : block) {
            double value = tone_level * wave(kToneHz, position_);
            if (!beeps_.empty() && position_ >= beeps_.back().sample && position_ < beeps_.back().sample + kBeepSamples)
                value += 0.8 * wave(kBeepHz, position_ - beeps_.back().sample);
            sample = static_cast<std::int16_t>(std::lround(value * 32767));
            ++position_;
        }
    }

    double worst_beep_us() const {
        double worst = 0;
        for (const Beep& beep : beeps_)
            worst =
                std::max(worst, std::abs(clock_.instant_ns(beep.sample) - static_cast<double>(beep.second_ns)) / 1e3);
        return worst;
    }

 private:
    static double wave(double hz, std::int64_t sample) {
        return std::sin(2 * std::numbers::pi * hz * static_cast<double>(sample) / kRate);
    }
    void place_beep(std::int64_t end) {
        if (next_second_ns_ == 0)
            next_second_ns_ = (static_cast<std::int64_t>(clock_.instant_ns(position_)) / kSecondNs + 1) * kSecondNs;
        // By the updated clock, the second may have started a few samples ago.
        const std::int64_t sample = std::max(clock_.sample_at(next_second_ns_), position_);
        if (sample >= end) return;
        beeps_.push_back({next_second_ns_, sample});
        next_second_ns_ += kSecondNs;
    }

    bool beeping_;
    PlayClock clock_;
    std::int64_t position_ = 0;
    std::vector<Beep> beeps_;
    std::int64_t next_second_ns_ = 0;
};

int fail(const char* what, const char* device, int error) {
    std::fprintf(stderr, "aloop_feed: %s %s: %s\n", what, device, snd_strerror(error));
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc >= 4 ? argv[3] : "";
    if (argc > 5 || (mode != "tone" && mode != "beep")) {
        std::fputs("usage: aloop_feed DEVICE SECONDS tone|beep [RATE_SHIFT]\n", stderr);
        return 2;
    }
    const char* device = argv[1];
    const auto count = static_cast<std::int64_t>(std::atof(argv[2]) * kRate);
    const double shift = argc == 5 ? std::atof(argv[4]) : 100000.0;
    std::signal(SIGTERM, [](int) { stopped = 1; });
    std::signal(SIGINT, [](int) { stopped = 1; });

    snd_pcm_t* pcm = nullptr;
    int error = snd_pcm_open(&pcm, device, SND_PCM_STREAM_PLAYBACK, 0);
    if (error < 0) return fail("cannot open", device, error);
    constexpr unsigned kBufferUs = 100'000;
    error = snd_pcm_set_params(pcm, SND_PCM_FORMAT_S16_LE, SND_PCM_ACCESS_RW_INTERLEAVED, 1, kRate, 0, kBufferUs);
    if (error < 0) return fail("cannot set up", device, error);

    Signal source(mode == "beep", kRate * 100000.0 / shift);
    std::vector<std::int16_t> block(kRate / 100);
    int xruns = 0;
    while (source.position() < count && stopped == 0) {
        source.next(block);
        const snd_pcm_sframes_t written = snd_pcm_writei(pcm, block.data(), block.size());
        if (written < 0) {
            ++xruns;
            source.clock().reset();
            error = snd_pcm_recover(pcm, static_cast<int>(written), 1);
            if (error < 0) return fail("cannot play to", device, error);
            continue;
        }
        if (written < static_cast<snd_pcm_sframes_t>(block.size())) break;  // interrupted by a signal: stop
        snd_pcm_sframes_t waiting = 0;
        if (snd_pcm_state(pcm) == SND_PCM_STATE_RUNNING && snd_pcm_delay(pcm, &waiting) == 0)
            source.clock().add_reading(onetake::to_ns(onetake::host_now()), source.position() - waiting);
    }
    snd_pcm_drop(pcm);
    snd_pcm_close(pcm);
    std::printf("{\"samples\": %lld, \"beeps\": %zu, \"worst_beep_us\": %.1f, \"xruns\": %d}\n",
                static_cast<long long>(source.position()), source.beeps(), source.worst_beep_us(), xruns);
    return 0;
}
