// A WAV: its header, its samples, and its repair.

#include "fuzz/memory_file.h"
#include "take/wav.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static onetake::MemoryFile file;
    if (auto reader = onetake::WavReader::read_from(file.with({data, size}), "fuzz")) {
        std::vector<std::int16_t> samples;
        const auto frames = reader->frames();
        if (frames < 0 || static_cast<std::size_t>(frames) > size) std::abort();
        for (const std::int64_t first : {std::int64_t{0}, frames / 2, frames - 1, frames, INT64_MAX})
            (void)reader->read(first, 64, samples);
        if (!reader->read(0, INT64_MAX, samples)) std::abort();
        if (samples.size() != static_cast<std::size_t>(frames * reader->channels())) std::abort();
    }
    auto fd = file.with({data, size});
    const auto repaired = onetake::repair_wav_header(fd.get(), "fuzz", 48000, 2);
    if (!repaired) std::abort();
    // Once repaired, it stays, and can be read.
    if (*onetake::repair_wav_header(fd.get(), "fuzz", 48000, 2)) std::abort();
    if (*repaired && !onetake::WavReader::read_from(std::move(fd), "fuzz")) std::abort();
    return 0;
}
