#include "codec/variable_rate_resampler.h"

#include "base/error.h"
#include "base/mutex.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <fmt/format.h>
#include <numbers>

namespace onetake {

namespace {

__extension__ using Int128 = __int128;

constexpr int kPhases = 512;
constexpr int kHalfTaps = 32;           // at equal rates; more for a lower output rate
constexpr double kKaiser = 9.0;         // side lobes below -90 dB
constexpr std::int64_t kChunk = 16384;  // samples per channel emitted at a time
constexpr float kFullScale = 1.0F / 32768;
constexpr std::int64_t kSecond = 1'000'000'000;

constexpr std::size_t kKeptTables = 4;

// Modified Bessel function of order 0, by its power series.
double bessel0(double x) {
    constexpr double kLeast = 1e-17;  // of the sum, that changes it
    const double square = x * x / 4;
    double sum = 1, term = 1;
    for (int k = 1; term > kLeast * sum; ++k) {
        term *= square / (k * k);
        sum += term;
    }
    return sum;
}

std::vector<float> make_table(std::int64_t half, double cutoff) {
    const std::int64_t taps = 2 * half;
    std::vector<float> table(static_cast<std::size_t>((kPhases + 1) * taps));
    std::vector<double> row(static_cast<std::size_t>(taps));
    for (int phase = 0; phase <= kPhases; ++phase) {
        double sum = 0;
        for (std::int64_t tap = 0; tap < taps; ++tap) {
            // Tap `half - 1` is the sample just before the position, tap `half` the one after.
            const double x = static_cast<double>(tap - half + 1) - static_cast<double>(phase) / kPhases;
            const double t = std::numbers::pi * cutoff * x;
            const double sinc = std::abs(t) < 1e-12 ? 1.0 : std::sin(t) / t;
            const double at = std::min(1.0, std::abs(x) / static_cast<double>(half));
            row[static_cast<std::size_t>(tap)] = sinc * bessel0(kKaiser * std::sqrt(1 - at * at));
            sum += row[static_cast<std::size_t>(tap)];
        }
        for (std::int64_t tap = 0; tap < taps; ++tap)
            table[static_cast<std::size_t>(phase * taps + tap)] =
                static_cast<float>(row[static_cast<std::size_t>(tap)] / sum);
    }
    return table;
}

// It takes some milliseconds to make one, and most resamplers of a process need the same.
std::shared_ptr<const std::vector<float>> table_of(std::int64_t half, double cutoff) {
    struct Entry {
        std::int64_t half;
        double cutoff;
        std::shared_ptr<const std::vector<float>> table;
    };
    // Never destroyed: a thread may outlive main().
    static auto& mutex = *new Mutex;
    static auto& kept = *new std::deque<Entry>;  // the last made at the end
    MutexLock lock(mutex);
    for (const auto& entry : kept)
        if (entry.half == half && entry.cutoff == cutoff) return entry.table;
    auto table = std::make_shared<const std::vector<float>>(make_table(half, cutoff));
    if (kept.size() == kKeptTables) kept.pop_front();
    kept.push_back({half, cutoff, table});
    return table;
}

// Eight independent sums, so that the compiler may vectorize without reordering one sum.
float interpolate(const float* samples, const float* row, const float* next_row, float fraction, std::int64_t taps) {
    float sums[8] = {};
    for (std::int64_t i = 0; i < taps; i += 8)
        for (int j = 0; j < 8; ++j)
            sums[j] += samples[i + j] * (row[i + j] + fraction * (next_row[i + j] - row[i + j]));
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

}  // namespace

VariableRateResampler::VariableRateResampler(int in_rate, int channels, int out_rate)
    : channels_(channels), in_rate_(in_rate), out_rate_(out_rate), past_(static_cast<std::size_t>(channels)) {
    // A lower output rate: frequencies above its band are filtered out, with proportionally more taps.
    const double ratio = std::min(1.0, static_cast<double>(out_rate) / in_rate);
    half_ = static_cast<std::int64_t>(std::ceil(kHalfTaps / ratio / 4)) * 4;
    table_ = table_of(half_, ratio < 1 ? 0.94 * ratio : 1.0);
}

Result<VariableRateResampler> VariableRateResampler::create(int in_rate, int channels, int out_rate) {
    if (in_rate <= 0 || channels <= 0 || out_rate <= 0)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("Audio of {} channels can't be resampled from {} Hz to {} Hz.", channels, in_rate, out_rate));
    return VariableRateResampler(in_rate, channels, out_rate);
}

Status VariableRateResampler::write(const TimedAudio& run, const SampleSink& sink) {
    const auto count = static_cast<std::int64_t>(run.samples.size()) / std::max(1, run.channels);
    if (run.channels != channels_)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("Audio of {} channels does not fit a track of {} channels.", run.channels, channels_));
    if (count == 0) return {};
    if (run.kept_at && in_rate_ == out_rate_) return copy(run, sink);
    const std::int64_t begin = to_ns(run.begin), end = to_ns(run.end);
    if (end <= begin)
        return fail(ErrorCode::invalid_argument, fmt::format("A run of {} samples lasts {} ns.", count, end - begin));
    if (run.after_gap || !in_group_) {
        ONETAKE_TRY(close_group(sink));
        ONETAKE_TRY(silence_until(to_ticks(run.begin.time_since_epoch(), out_rate_), sink));
        in_group_ = true;
        group_count_ = 0;
        group_end_ = begin;
        // Room for positions up to half an output sample before the first input sample.
        past_first_ = -2 * half_;
        for (auto& channel : past_) channel.assign(static_cast<std::size_t>(2 * half_), 0.0F);
    }
    runs_.push_back({group_count_, count, group_end_, std::max(end, group_end_ + 1)});
    group_count_ += count;
    group_end_ = runs_.back().end;
    append(run);
    return emit(sink, false);
}

Status VariableRateResampler::copy(const TimedAudio& run, const SampleSink& sink) {
    ONETAKE_TRY(close_group(sink));
    ONETAKE_TRY(silence_until(*run.kept_at, sink));
    // Samples before media time 0 are left out.
    const auto width = static_cast<std::size_t>(channels_);
    const auto count = static_cast<std::int64_t>(run.samples.size() / width);
    auto remaining =
        std::span(run.samples).subspan(width * static_cast<std::size_t>(std::min(next_ - *run.kept_at, count)));
    while (!remaining.empty()) {
        const auto part = remaining.first(std::min(remaining.size(), width * static_cast<std::size_t>(kChunk)));
        chunk_.clear();
        for (const auto v : part) chunk_.push_back(static_cast<float>(v) * kFullScale);
        ONETAKE_TRY(sink(chunk_));
        next_ += static_cast<std::int64_t>(part.size() / width);
        remaining = remaining.subspan(part.size());
    }
    return {};
}

Status VariableRateResampler::write_silence(MediaTime until, const SampleSink& sink) {
    ONETAKE_TRY(close_group(sink));
    return silence_until(to_ticks(until.time_since_epoch(), out_rate_), sink);
}

Status VariableRateResampler::finish(const SampleSink& sink) {
    return close_group(sink);
}

void VariableRateResampler::append(const TimedAudio& run) {
    const auto width = static_cast<std::size_t>(channels_);
    const std::size_t count = run.samples.size() / width;
    for (std::size_t c = 0; c < width; ++c) {
        auto& channel = past_[c];
        const std::size_t at = channel.size();
        channel.resize(at + count);
        for (std::size_t i = 0; i < count; ++i)
            channel[at + i] = static_cast<float>(run.samples[i * width + c]) * kFullScale;
    }
}

Status VariableRateResampler::close_group(const SampleSink& sink) {
    if (!in_group_) return {};
    for (auto& channel : past_) channel.resize(channel.size() + static_cast<std::size_t>(2 * half_), 0.0F);
    ONETAKE_TRY(emit(sink, true));
    runs_.clear();
    in_group_ = false;
    return {};
}

Status VariableRateResampler::silence_until(std::int64_t k, const SampleSink& sink) {
    while (next_ < k) {
        const auto count = std::min(k - next_, kChunk);
        chunk_.assign(static_cast<std::size_t>(count * channels_), 0.0F);
        ONETAKE_TRY(sink(chunk_));
        next_ += count;
    }
    return {};
}

void VariableRateResampler::discard_before(std::int64_t index) {
    const auto have = static_cast<std::int64_t>(past_.front().size());
    const auto drop = std::clamp<std::int64_t>(index - past_first_, 0, have);
    if (drop < have / 2) return;  // moving all samples each time would cost more than keeping some
    for (auto& channel : past_) channel.erase(channel.begin(), channel.begin() + static_cast<std::ptrdiff_t>(drop));
    past_first_ += drop;
}

Status VariableRateResampler::emit(const SampleSink& sink, bool last) {
    const std::int64_t taps = 2 * half_;
    const std::int64_t group_stop = to_ticks(Duration(group_end_), out_rate_);
    while (!runs_.empty()) {
        const Run& run = runs_.front();
        // Position of output k: first + (k / out_rate - begin) / (end - begin) * count, with the difference exact.
        const Int128 offset = static_cast<Int128>(next_) * kSecond - static_cast<Int128>(run.begin) * out_rate_;
        const Int128 length = static_cast<Int128>(run.end - run.begin) * out_rate_;
        const double per_output =
            static_cast<double>(run.count) * static_cast<double>(kSecond) / static_cast<double>(length);
        const double start = static_cast<double>(offset) / static_cast<double>(kSecond) * per_output;
        // Outputs before this k belong to this run: up to the group's end, rounded, else to the run's.
        const bool final_run = runs_.size() == 1;
        const auto run_stop = next_ + static_cast<std::int64_t>((length - offset + kSecond - 1) / kSecond);
        std::int64_t stop = offset >= length ? next_ : run_stop;
        if (last && final_run) stop = std::max(next_, group_stop);

        const std::int64_t base = run.first - past_first_;
        const auto have = static_cast<std::int64_t>(past_.front().size());
        const std::int64_t entered = next_;
        const auto position_of = [&](std::int64_t k) { return start + static_cast<double>(k - entered) * per_output; };
        bool needs_input = false;
        while (next_ < stop && !needs_input) {
            const std::int64_t chunk_stop = std::min(stop, next_ + kChunk);
            chunk_.clear();
            std::int64_t k = next_;
            for (; k < chunk_stop; ++k) {
                const double position = position_of(k);
                const double floor = std::floor(position);
                const std::int64_t at = base + static_cast<std::int64_t>(floor) - half_ + 1;
                if (at + taps > have) {
                    needs_input = true;
                    break;
                }
                const double phase = (position - floor) * kPhases;
                const int row = std::min(static_cast<int>(phase), kPhases - 1);
                const auto fraction = static_cast<float>(phase - row);
                const float* weights = table_->data() + row * taps;
                for (const auto& channel : past_)
                    chunk_.push_back(interpolate(channel.data() + at, weights, weights + taps, fraction, taps));
            }
            if (!chunk_.empty()) ONETAKE_TRY(sink(chunk_));
            next_ = k;
        }
        if (needs_input) {
            discard_before(run.first + static_cast<std::int64_t>(std::floor(position_of(next_))) - half_ + 1);
            return {};
        }
        // The last run is kept until the next one: its end may be the group's end, which is rounded.
        if (final_run) {
            discard_before(run.first + run.count - 2 * half_);
            return {};
        }
        runs_.pop_front();
    }
    return {};
}

}  // namespace onetake
