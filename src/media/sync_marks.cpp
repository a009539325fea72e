#include "media/sync_marks.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace onetake {

namespace {

// Periods of the tone in the window that measures its loudness. Even, so that half of them cancel the ripple, too.
constexpr double periods = 4;
constexpr double quiet_before_s = 0.03;
constexpr double least_beep_s = 0.012;
constexpr double least_loudness = 1e-3;

template <class T>
T quantile(std::vector<T> v, double q) {
    const auto at = v.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(v.size() - 1));
    std::nth_element(v.begin(), at, v.end());
    return *at;
}

// Loudness of the tone in the `length` samples that end with each sample; silence is assumed before the first.
std::vector<float> loudness(std::span<const float> mono, double step, std::size_t length) {
    std::vector<float> loud(mono.size());
    std::vector<double> cosines(length), sines(length);
    double c = 0, s = 0;
    const double scale = 2 / static_cast<double>(length);
    for (std::size_t i = 0; i < mono.size(); ++i) {
        const double phase = step * static_cast<double>(i);
        const auto slot = i % length;
        c -= cosines[slot];
        s -= sines[slot];
        cosines[slot] = static_cast<double>(mono[i]) * std::cos(phase);
        sines[slot] = static_cast<double>(mono[i]) * std::sin(phase);
        c += cosines[slot];
        s += sines[slot];
        loud[i] = static_cast<float>(scale * std::hypot(c, s));
    }
    return loud;
}

std::size_t nearest(std::span<const Duration> times, Duration t) {
    const auto after = std::lower_bound(times.begin(), times.end(), t);
    if (after == times.begin()) return 0;
    if (after == times.end() || t - *(after - 1) <= *after - t)
        return static_cast<std::size_t>(after - times.begin()) - 1;
    return static_cast<std::size_t>(after - times.begin());
}

}  // namespace

std::vector<Duration> find_flashes(std::span<const LumaSample> frames, double least_rise) {
    std::vector<Duration> flashes;
    if (frames.size() < 2) return flashes;
    std::vector<double> lumas;
    lumas.reserve(frames.size());
    for (const auto& f : frames) lumas.push_back(f.luma);
    const double dark = quantile(lumas, 0.5);
    const double bright = *std::max_element(lumas.begin(), lumas.end());
    if (bright - dark < least_rise) return flashes;
    const double on = dark + 0.5 * (bright - dark);
    const double off = dark + 0.3 * (bright - dark);
    bool lit = frames.front().luma > off;
    for (const auto& f : frames) {
        if (!lit && f.luma >= on) flashes.push_back(f.time);
        if (f.luma >= on) lit = true;
        if (f.luma <= off) lit = false;
    }
    return flashes;
}

std::vector<double> find_beeps(std::span<const float> mono, double sample_rate, double tone_hz) {
    std::vector<double> beeps;
    const auto length = static_cast<std::size_t>(std::lround(periods * sample_rate / tone_hz));
    if (length < 8 || mono.size() < 4 * length) return beeps;
    const auto loud = loudness(mono, 2 * std::numbers::pi * tone_hz / sample_rate, length);

    std::vector<float> some;
    for (std::size_t i = 0; i < loud.size(); i += length / 2) some.push_back(loud[i]);
    const double floor = static_cast<double>(quantile(some, 0.5));
    const double top = static_cast<double>(*std::max_element(some.begin(), some.end()));
    const double on = std::max({0.3 * top, 4 * floor, least_loudness});
    if (top < on) return beeps;

    const auto quiet = static_cast<std::size_t>(quiet_before_s * sample_rate);
    const auto least = static_cast<std::size_t>(least_beep_s * sample_rate) + length / 2;
    // Assume quiet before the first sample: a beep there is dropped below.
    std::size_t quiet_for = quiet;
    for (std::size_t i = 0; i < loud.size(); ++i) {
        if (static_cast<double>(loud[i]) < 0.7 * on) {
            ++quiet_for;
            continue;
        }
        if (static_cast<double>(loud[i]) < on) continue;
        if (quiet_for < quiet || i + least >= loud.size()) {
            quiet_for = 0;
            continue;
        }
        quiet_for = 0;
        // The loudness rises linearly while the window passes the onset: it is at half its level half a window later.
        const std::vector<float> plateau(
            loud.begin() + static_cast<std::ptrdiff_t>(i + length),
            loud.begin() + static_cast<std::ptrdiff_t>(std::min(i + 3 * length, loud.size())));
        if (plateau.empty()) break;
        const double half = static_cast<double>(quantile(plateau, 0.5)) / 2;
        if (half < on / 2 || static_cast<double>(loud[i + least]) < half) continue;
        std::size_t k = i >= length ? i - length : 0;
        while (k < i + length && static_cast<double>(loud[k]) < half) ++k;
        const double here = static_cast<double>(loud[k]);
        const double before = k > 0 ? static_cast<double>(loud[k - 1]) : 0;
        const double part = here > before ? (here - half) / (here - before) : 0;
        const double onset = static_cast<double>(k) - part - static_cast<double>(length) / 2 + 1;
        if (onset >= 0.5e-3 * sample_rate) beeps.push_back(onset);
    }
    return beeps;
}

SyncReport pair_marks(std::span<const Duration> flashes, std::span<const Duration> beeps, Duration reach) {
    SyncReport report;
    double sum = 0;
    if (!beeps.empty())
        for (std::size_t i = 0; i < flashes.size(); ++i) {
            const auto beep = beeps[nearest(beeps, flashes[i])];
            if (nearest(flashes, beep) != i || std::chrono::abs(beep - flashes[i]) > reach) continue;
            const SyncPair pair{flashes[i], beep};
            const auto offset = pair.offset();
            const bool first = report.pairs.empty();
            if (first || std::chrono::abs(offset) > std::chrono::abs(report.worst)) report.worst = offset;
            report.smallest = first ? offset : std::min(report.smallest, offset);
            report.largest = first ? offset : std::max(report.largest, offset);
            sum += static_cast<double>(offset.count());
            report.pairs.push_back(pair);
        }
    if (!report.pairs.empty()) report.mean = Duration(std::llround(sum / static_cast<double>(report.pairs.size())));
    report.lone_flashes = flashes.size() - report.pairs.size();
    report.lone_beeps = beeps.size() - report.pairs.size();
    return report;
}

}  // namespace onetake
