#pragma once

#include "input/media_input.h"
#include "input/packet_queue.h"

#include <memory>
#include <optional>
#include <string>

namespace onetake {

/// The first stream of a kind; -1 without one.
int first_stream(const std::vector<StreamParams>& streams, TrackKind kind);

/// Which input it is; shared by its threads.
struct InputAddress {
    InputKind kind = InputKind::file;
    std::string source;
    MediaInputOptions options;  ///< of tracks only those that there are

    bool live() const { return kind != InputKind::file; }
};

/// Reads an input into a queue, and opens a live one again when it is lost.
class InputFeed {
 public:
    InputFeed(InputAddress address, InputReader reader, std::shared_ptr<InputInterrupt> interrupt,
              std::shared_ptr<PacketQueue> queue)
        : address_(std::move(address)),
          reader_(std::move(reader)),
          interrupt_(std::move(interrupt)),
          queue_(std::move(queue)) {}

    /// Returns at the input's end, or once it is interrupted and the queue closed.
    void run();

 private:
    std::string read_to_end(InputReader& reader);
    std::optional<InputReader> reopen();

    const InputAddress address_;
    std::optional<InputReader> reader_;
    const std::shared_ptr<InputInterrupt> interrupt_;
    const std::shared_ptr<PacketQueue> queue_;
};

}  // namespace onetake
