#include "input/input_feed.h"

#include "base/clock.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace onetake {

int first_stream(const std::vector<StreamParams>& streams, TrackKind kind) {
    const auto found = std::ranges::find(streams, kind, &StreamParams::kind);
    return found == streams.end() ? -1 : static_cast<int>(found - streams.begin());
}

void InputFeed::run() {
    while (reader_) {
        queue_->put(InputOpened{reader_->streams()}, true);
        auto why = read_to_end(*reader_);
        reader_.reset();
        if (!address_.live()) {
            queue_->put(InputEnded{std::move(why)}, true);
            return;
        }
        queue_->put(InputLost{std::move(why), host_now()}, true);
        reader_ = reopen();
    }
}

// Returns why there is no more.
std::string InputFeed::read_to_end(InputReader& reader) {
    const int video = address_.options.video ? first_stream(reader.streams(), TrackKind::video) : -1;
    const int audio = address_.options.audio ? first_stream(reader.streams(), TrackKind::audio) : -1;
    std::vector<std::uint64_t> dropped(reader.streams().size(), 0);
    while (!interrupt_->stopping) {
        auto packet = reader.next();
        if (!packet) return packet.error().message;
        if (!*packet) return address_.live() ? "its sender ended the stream" : "it was read to its end";
        const int stream = (*packet)->packet.stream;
        if (stream != video && stream != audio) continue;
        auto& missing = dropped[static_cast<std::size_t>(stream)];
        const bool taken =
            queue_->put(InputMedia{std::move(**packet), reader.sender_start(), missing}, !address_.live());
        missing = taken ? 0 : missing + 1;
    }
    return "it was stopped";
}

std::optional<InputReader> InputFeed::reopen() {
    const auto& options = address_.options;
    for (auto wait = options.first_retry; !queue_->closed_within(wait);
         wait = std::min(2 * wait, options.longest_retry)) {
        auto opened = InputReader::open(address_.kind, address_.source, options.limits, interrupt_);
        if (!opened) continue;
        const bool has_video = first_stream(opened->streams(), TrackKind::video) >= 0;
        const bool has_audio = first_stream(opened->streams(), TrackKind::audio) >= 0;
        if ((has_video || !options.video) && (has_audio || !options.audio)) return std::move(*opened);
    }
    return std::nullopt;
}

}  // namespace onetake
