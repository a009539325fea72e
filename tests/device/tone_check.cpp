// tone_check RATE < PCM: analyses a tone of about 443 Hz in mono 16-bit samples and prints one line of JSON: the number
// of samples, the tone's frequency, and worst_jump_samples, the largest phase difference from a continuous tone, which
// shows lost, repeated or moved blocks.
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <vector>

namespace {

constexpr double kToneHz = 443.0;

std::vector<std::int16_t> read_samples() {
    std::vector<std::int16_t> samples;
    std::int16_t chunk[4096];
    for (std::size_t n; (n = std::fread(chunk, sizeof chunk[0], std::size(chunk), stdin)) > 0;)
        samples.insert(samples.end(), chunk, chunk + n);
    return samples;
}

/// The tone's phase in each window of 50 ms against an exact 443 Hz, in cycles, unwrapped.
std::vector<double> phases(const std::vector<std::int16_t>& samples, double rate) {
    const auto window = static_cast<std::size_t>(rate / 20);
    std::vector<double> cycles;
    for (std::size_t from = 0; from + window <= samples.size(); from += window) {
        std::complex<double> sum = 0;
        for (std::size_t i = from; i < from + window; ++i) {
            const double at = static_cast<double>(i - from) / static_cast<double>(window);
            const double taper = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * at);
            sum +=
                taper * samples[i] * std::polar(1.0, -2 * std::numbers::pi * kToneHz * static_cast<double>(i) / rate);
        }
        double phase = std::arg(sum) / (2 * std::numbers::pi);
        if (!cycles.empty()) phase += std::round(cycles.back() - phase);
        cycles.push_back(phase);
    }
    return cycles;
}

}  // namespace

int main(int argc, char** argv) {
    const double rate = argc == 2 ? std::atof(argv[1]) : 0;
    if (rate <= 0) {
        std::fputs("usage: tone_check RATE < PCM\n", stderr);
        return 2;
    }
    const std::vector<std::int16_t> samples = read_samples();
    const std::vector<double> cycles = phases(samples, rate);
    if (cycles.size() < 3) {
        std::fprintf(stderr, "tone_check: only %zu samples, too few to analyse\n", samples.size());
        return 1;
    }
    // Linear regression of the phases: its slope is the frequency's difference from 443 Hz.
    const auto n = static_cast<double>(cycles.size());
    double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    for (std::size_t i = 0; i < cycles.size(); ++i) {
        const auto x = static_cast<double>(i);
        sum_x += x;
        sum_y += cycles[i];
        sum_xx += x * x;
        sum_xy += x * cycles[i];
    }
    const double slope = (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
    const double start = (sum_y - slope * sum_x) / n;
    double worst = 0;
    for (std::size_t i = 0; i < cycles.size(); ++i)
        worst = std::max(worst, std::abs(cycles[i] - start - slope * static_cast<double>(i)));
    std::printf("{\"samples\": %zu, \"hz\": %.4f, \"worst_jump_samples\": %.3f}\n", samples.size(),
                kToneHz + slope * 20, worst * rate / kToneHz);
    return 0;
}
