#pragma once

#include "take/journal.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace onetake {

/// The values of an `f`, `a` or `d` record, by key; common keys are shared by the kinds.
struct FlatFields {
    std::string_view kind;
    std::optional<TrackId> track;
    std::optional<StampSource> source;
    std::optional<std::int64_t> n, t, r, q, b, i, p, o, c;
    bool x = false, packet_is_key = false;

    /// False for a value that the key can't have. Unknown keys are ignored.
    bool set(std::string_view key, std::string_view value);
    /// Empty if a key is missing or a value out of range.
    std::optional<JournalRecord> record() const;
};

/// Parses the record of a frame, block or packet as append_line() writes it: one flat object without white space and
/// escapes, as nearly all lines of a journal are. Empty for every other line.
std::optional<JournalRecord> parse_flat_line(std::string_view line);

}  // namespace onetake
