// A journal: every line alone, the journal as it is read, and the take played by it.

#include "fuzz/memory_file.h"
#include "take/take_source.h"

#include <cstdlib>
#include <string_view>

namespace {

// What is read can be written, and then reads the same.
void check_round_trip(const onetake::JournalRecord& record) {
    std::string line, again;
    onetake::append_line(record, line);
    const auto parsed = onetake::parse_line(std::string_view(line).substr(0, line.size() - 1));
    if (!parsed || !*parsed) std::abort();
    onetake::append_line(**parsed, again);
    if (line != again) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static onetake::MemoryFile file;
    if (const auto record = onetake::parse_line({reinterpret_cast<const char*>(data), size}); record && *record)
        check_round_trip(**record);
    auto reader = onetake::JournalReader::read_from(file.with({data, size}), "fuzz");
    if (!reader) return 0;
    auto source = onetake::TakeSource::play_from(std::move(*reader));
    if (!source) return 0;
    while (const auto event = source->next().value_or(std::nullopt)) {
        if (const auto* sound = std::get_if<onetake::StoredSound>(&*event); sound && sound->span.frames < 0)
            std::abort();
    }
    if (!source->ended()) std::abort();
    return 0;
}
