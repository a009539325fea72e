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

std::string_view unit_of(TrackKind kind) {
    switch (kind) {
        case TrackKind::video:
            return "frame";
        case TrackKind::audio:
            return "sample";
        case TrackKind::data:
            return "packet";
    }
    return "item";
}

}  // namespace onetake
