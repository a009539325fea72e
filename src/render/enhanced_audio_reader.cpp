#include "render/enhanced_audio_reader.h"

#include <cmath>
#include <limits>

namespace onetake {

namespace {

__extension__ using Int128 = __int128;  // a journal may claim any sample number

}  // namespace

Result<std::optional<WavReader>> open_enhanced(const EnhancedAudioReader& audio) {
    if (!audio.path) return std::nullopt;
    const auto path = audio.path();
    if (path.empty()) return std::nullopt;
    auto wav = WavReader::open(path);
    if (!wav && audio.wait_for) {
        // It may be renamed to its final name at this moment.
        if (!audio.wait_for(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
        wav = WavReader::open(audio.path());
    }
    if (!wav) return fail(std::move(wav).error());
    if (audio.wait_for && !audio.wait_for(1)) return std::nullopt;
    return std::optional(std::move(*wav));
}

AudioSpan at_rate(const AudioSpan& raw, int raw_rate, int rate) {
    if (raw_rate == rate || raw.frames <= 0) return raw;
    const auto first_at_or_after = [&](std::int64_t sample) {
        return static_cast<std::int64_t>((static_cast<Int128>(sample) * rate + raw_rate - 1) / raw_rate);
    };
    const double length = static_cast<double>((raw.end - raw.begin).count());
    // The time of an enhanced sample, by its position among the raw ones.
    const auto instant = [&](std::int64_t sample) {
        const auto numerator = static_cast<Int128>(sample) * raw_rate - static_cast<Int128>(raw.first_sample) * rate;
        const double place = static_cast<double>(numerator) / rate / static_cast<double>(raw.frames);
        return raw.begin + Duration(std::llround(length * place));
    };
    AudioSpan span = raw;
    span.first_sample = first_at_or_after(raw.first_sample);
    const auto end = first_at_or_after(raw.first_sample + raw.frames);
    span.frames = end - span.first_sample;
    span.begin = instant(span.first_sample);
    span.end = instant(end);
    return span;
}

}  // namespace onetake
