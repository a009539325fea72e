#pragma once

#include <optional>
#include <string_view>

namespace onetake {

/// What the stamps of an audio track are. See docs/audio-clock.md.
enum class StampKind {
    automatic,  ///< decided by each stamp's source and by the shape of the scatter
    capture,    ///< capture time as the device reports it: scatters to both sides
    arrival,    ///< arrival time less the block's length: may be late, never early
};

constexpr std::string_view to_string(StampKind kind) {
    switch (kind) {
        case StampKind::automatic:
            return "auto";
        case StampKind::capture:
            return "capture";
        case StampKind::arrival:
            return "arrival";
    }
    return "auto";
}

constexpr std::optional<StampKind> stamp_kind_from(std::string_view name) {
    for (const auto kind : {StampKind::automatic, StampKind::capture, StampKind::arrival})
        if (to_string(kind) == name) return kind;
    return std::nullopt;
}

}  // namespace onetake
