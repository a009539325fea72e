// One line of a journal: read, written, and read again.

#include "take/journal.h"

#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto record = onetake::parse_line({reinterpret_cast<const char*>(data), size});
    if (!record || !*record) return 0;
    std::string line, again;
    onetake::append_line(**record, line);
    const auto parsed = onetake::parse_line(std::string_view(line).substr(0, line.size() - 1));
    if (!parsed || !*parsed) std::abort();
    onetake::append_line(**parsed, again);
    if (line != again) std::abort();
    return 0;
}
