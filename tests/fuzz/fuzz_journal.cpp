// A journal as it is read, and the take played by it.

#include "fuzz/memory_file.h"
#include "take/take_source.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static onetake::MemoryFile file;
    auto reader = onetake::JournalReader::read_from(file.with({data, size}), "fuzz");
    if (!reader) return 0;
    auto source = onetake::TakeSource::play_from(std::move(*reader));
    if (!source) return 0;
    while (const auto event = source->next().value_or(std::nullopt)) {
        if (const auto* audio = std::get_if<onetake::StoredAudio>(&*event); audio && audio->span.frames < 0)
            std::abort();
    }
    if (!source->ended()) std::abort();
    return 0;
}
