#include "inspect/enhanced_wav.h"

#include "take/take_dir.h"
#include "take/wav.h"

#include <cmath>
#include <fcntl.h>
#include <fmt/format.h>

namespace onetake {

std::string enhanced_wav_problem(const std::string& take_folder) {
    constexpr const char* kEnhanced = "audio_enhanced.wav";
    const auto dir = TakeDir::open(take_folder);
    if (!dir) return {};
    const auto open = [&](const std::string& leaf) -> Result<WavReader> {
        auto fd = dir->open_file(leaf, O_RDONLY);
        if (!fd) return fail(std::move(fd).error());
        return WavReader::read_from(std::move(*fd), dir->path(leaf));
    };
    const auto enhanced = open(kEnhanced);
    if (!enhanced) return enhanced.error().code == ErrorCode::not_found ? std::string() : enhanced.error().message;
    const auto raw = open(track_path({TrackKind::audio, 1}));
    if (!raw) return {};
    const double due = static_cast<double>(raw->frames()) * enhanced->sample_rate() / raw->sample_rate();
    if (std::abs(static_cast<double>(enhanced->frames()) - due) <= 1) return {};
    return fmt::format("{} has {} samples, not the {:.0f} that its audio takes.", dir->path(kEnhanced),
                       enhanced->frames(), due);
}

}  // namespace onetake
