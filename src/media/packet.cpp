#include "media/packet.h"

namespace onetake {

std::string_view to_string(TrackKind kind) {
    switch (kind) {
        case TrackKind::video:
            return "video";
        case TrackKind::audio:
            return "audio";
        case TrackKind::data:
            return "data";
    }
    return "unknown";
}

}  // namespace onetake
