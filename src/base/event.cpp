#include <onetake/event.h>

namespace onetake {

std::string_view to_string(EventKind kind) {
    switch (kind) {
        case EventKind::stall:
            return "stall";
        case EventKind::resumed:
            return "resumed";
        case EventKind::device_lost:
            return "device_lost";
        case EventKind::loss:
            return "loss";
        case EventKind::fallback:
            return "fallback";
        case EventKind::disk_warning:
            return "disk_warning";
        case EventKind::ended_early:
            return "ended_early";
        case EventKind::note:
            return "note";
    }
    return "note";
}

}  // namespace onetake
