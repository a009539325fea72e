#include "integration/microphone/audio_collector.h"

#include "media/linear_regression.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace onetake {

using namespace std::chrono_literals;

namespace {

constexpr auto kTimeout = 20s;

struct Point {
    double samples, seconds;
};

LinearRegression fit(const std::vector<Point>& points) {
    LinearRegression line;
    for (const auto& point : points) line.add(point.samples, point.seconds);
    return line;
}

}  // namespace

Delivery AudioCollector::deliver(AudioBlock block) {
    const std::lock_guard lock(mutex_);
    frames_ += block.frames();
    blocks_.push_back(std::move(block));
    changed_.notify_all();
    return Delivery::accepted;
}

void AudioCollector::report(SourceEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event.kind);
    changed_.notify_all();
}

bool AudioCollector::wait_for_audio(Duration length, int sample_rate) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kTimeout, [&] { return frames_ >= to_ticks(length, sample_rate); });
}

bool AudioCollector::wait_for(SourceEvent::Kind kind) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kTimeout,
                             [&] { return std::find(events_.begin(), events_.end(), kind) != events_.end(); });
}

std::vector<AudioBlock> AudioCollector::blocks() {
    const std::lock_guard lock(mutex_);
    return blocks_;
}

std::vector<SourceEvent::Kind> AudioCollector::events() {
    const std::lock_guard lock(mutex_);
    return events_;
}

std::vector<AudioBlock> longest_run(const std::vector<AudioBlock>& blocks, int sample_rate) {
    std::vector<AudioBlock> longest, run;
    std::int64_t frames = 0;
    for (const auto& block : blocks) {
        if (block.xrun) run.clear();
        if (frames >= sample_rate / 10) run.push_back(block);
        if (run.size() > longest.size()) longest = run;
        frames += block.frames();
    }
    return longest;
}

double frequency(const std::vector<AudioBlock>& run, int sample_rate) {
    double position = 0, first = -1, last = -1, before = 0;
    int periods = -1;
    for (const auto& block : run)
        for (std::size_t i = 0; i < block.samples.size(); i += static_cast<std::size_t>(block.channels)) {
            const double now = block.samples[i];
            if (before < 0 && now >= 0) {
                last = position - now / (now - before);
                if (first < 0) first = last;
                ++periods;
            }
            before = now;
            position += 1;
        }
    return periods > 0 ? periods * sample_rate / (last - first) : 0;
}

StampLine stamp_line(const std::vector<AudioBlock>& run, int sample_rate) {
    std::vector<Point> points;
    std::int64_t samples = 0;
    for (const auto& block : run) {
        points.push_back({static_cast<double>(samples), to_seconds(block.time - run.front().time)});
        samples += block.frames();
    }
    for (int pass = 0; pass < 3; ++pass) {
        const LinearRegression line = fit(points);
        const auto distance = [&](const Point& p) { return std::abs(p.seconds - line.at(p.samples)); };
        std::sort(points.begin(), points.end(),
                  [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
        points.resize(std::max<std::size_t>(points.size() * 9 / 10, 2));
    }
    const LinearRegression line = fit(points);
    return {(1 / (line.slope() * sample_rate) - 1) * 1e6, line.residual_rms()};
}

std::vector<HostTime> onsets(const std::vector<AudioBlock>& run, int sample_rate) {
    std::vector<HostTime> times;
    std::int64_t quiet = 0;
    for (const auto& block : run)
        for (std::int64_t i = 0; i < block.frames(); ++i) {
            const int value = block.samples[static_cast<std::size_t>(i * block.channels)];
            if (value == 0) {
                ++quiet;
                continue;
            }
            if (quiet > sample_rate / 10) times.push_back(block.time + from_ticks(i, sample_rate));
            quiet = 0;
        }
    return times;
}

}  // namespace onetake
