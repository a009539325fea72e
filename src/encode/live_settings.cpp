#include "encode/live_settings.h"

#include "codec/encoder_table.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr double kHeld_s = 0.5;
constexpr double kDefaultFps = 30;

void set_x264(VideoEncoderSettings& s, int held) {
    constexpr int kLookahead = 10;  // of the preset veryfast
    s.options.emplace_back("forced-idr", "1");
    if (held == 0) {
        // All threads work on one frame, and no frame waits for the stamp of the next.
        s.options.emplace_back("rc-lookahead", "0");
        s.options.emplace_back("x264-params", "sync-lookahead=0:sliced-threads=1:force-cfr=1:open-gop=0");
        return;
    }
    // It holds a frame per thread, and those it looks ahead.
    s.threads = std::clamp(held / 2, 1, s.threads);
    s.options.emplace_back("rc-lookahead", std::to_string(std::clamp(held - s.threads, 0, kLookahead)));
    s.options.emplace_back("x264-params", "sync-lookahead=0:open-gop=0");
}

void set_x265(VideoEncoderSettings& s, int held) {
    constexpr int kLookahead = 15, kBeside = 3;  // of the preset veryfast; frames that it holds besides
    const int pool = s.threads;
    s.threads = std::clamp(held / 4, 1, s.threads);  // of frames
    const int lookahead = std::clamp(held - s.threads - kBeside, 0, kLookahead);
    s.options.emplace_back("forced-idr", "1");
    s.options.emplace_back(
        "x265-params", fmt::format("log-level=none:bframes=0:open-gop=0:rc-lookahead={}:pools={}", lookahead, pool));
}

}  // namespace

namespace {

// A list of an encoder's parameters is one option: the user's are appended to it.
void add_option(VideoEncoderSettings& s, const std::string& key, const std::string& value, bool has_presets) {
    if (key == "preset" && has_presets) {
        s.preset = value;
        return;
    }
    const auto known = std::ranges::find(s.options, key, [](const auto& option) { return option.first; });
    if (known == s.options.end())
        s.options.emplace_back(key, value);
    else
        known->second = key.ends_with("-params") ? known->second + ":" + value : value;
}

}  // namespace

int frames_held(const LiveVideoSettings& live) {
    if (!live.steady_rate || live.fps <= 0) return 0;
    return static_cast<int>(live.fps * kHeld_s);
}

VideoEncoderSettings live_encoder_settings(const LiveVideoSettings& live, int width, int height, PixelFormat format,
                                           int threads) {
    const auto& traits = encoder_traits(live.codec);
    VideoEncoderSettings s;
    s.codec = live.codec;
    s.preset = live.preset;
    s.crf = live.crf;
    s.bit_rate = live.bit_rate;
    s.width = width;
    s.height = height;
    s.pixel_format = format;
    s.fps = live.fps > 0 ? live.fps : kDefaultFps;
    s.time_scale = traits.time_scale;
    s.packet_durations = false;
    s.threads = threads;
    // By stamp, keyframes are asked for; this is for a rate above the nominal one.
    s.keyframe_interval = traits.only_keyframes ? 1 : std::max(1, static_cast<int>(std::ceil(live.keyframe_s * s.fps)));
    s.options.emplace_back("bf", "0");
    if (live.codec == "libx264") {
        set_x264(s, frames_held(live));
    } else if (live.codec == "libx265") {
        set_x265(s, frames_held(live));
    } else if (live.codec.ends_with("_nvenc")) {
        for (const auto* option : {"forced-idr", "zerolatency"}) s.options.emplace_back(option, "1");
        for (const auto* option : {"delay", "rc-lookahead"}) s.options.emplace_back(option, "0");
    }
    // A chunk is complete only when its encoder holds nothing of it.
    if (live.codec.starts_with("libvpx") && frames_held(live) == 0) s.options.emplace_back("lag-in-frames", "0");
    for (const auto& [key, value] : live.options) add_option(s, key, value, !traits.presets.empty());
    return s;
}

}  // namespace onetake
