// The times of an import: of frames, and of samples.

#include "take/decimal_time.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto frames = onetake::parse_frame_times(text, "fuzz");
    if (frames && std::ranges::adjacent_find(*frames, std::ranges::greater_equal{}) != frames->end()) std::abort();
    const auto audio = onetake::parse_audio_times(text, "fuzz");
    if (audio && (audio->empty() || audio->front().sample < 0)) std::abort();
    return 0;
}
