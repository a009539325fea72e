#pragma once

#include <onetake/enhanced_audio.h>
#include <onetake/event.h>
#include <onetake/progress.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace onetake::python {

/// Enhanced audio that owns its samples.
struct EnhancedBlock {
    EnhancedAudio info;  ///< its `samples` are not valid
    std::vector<std::int16_t> samples;
};

/// A stream of a ChunkedWriter whose encoder failed.
struct EncoderError {
    std::string stream;
};

/// A chunk of a ChunkedWriter begins: the program names it.
struct ChunkStart {
    std::string recording;
    double started_at = 0;  ///< seconds since 1970 UTC
    std::string file_extension;
    std::promise<std::string> id;
};

/// A call of a callback of one recorder, without anything of Python.
struct PendingCall {
    std::uint64_t recorder = 0;
    std::variant<RecorderEvent, Progress, EnhancedBlock, EncoderError, ChunkStart> what;
};

/// The calls on their way from the recorders' threads to the one thread that calls Python's callbacks. A recorder's
/// thread never waits (but for a ChunkStart's answer) and never needs the interpreter's lock. Threads: any.
class CallQueue {
 public:
    static constexpr std::size_t kMost = 4096;

    /// The process's queue.
    static CallQueue& instance();
    /// In a forked child: another one, as the old one's lock may be held for ever.
    static void replace_after_fork();

    /// Appends a call; left out, and counted, if kMost are waiting.
    void post(PendingCall call);
    /// Waits for the next call, which counts as being made until the one after it is asked for; none after close().
    std::optional<PendingCall> next();
    /// How many calls were left out since the last call of this function.
    std::uint64_t take_left_out();
    /// Waits until all calls posted before have been made, for `timeout_s` at most. False: not yet.
    bool wait_until_made(std::uint64_t posted, double timeout_s);
    std::uint64_t posted();
    void close();

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<PendingCall> calls_;
    std::uint64_t posted_ = 0, made_ = 0, left_out_ = 0;
    bool making_ = false, closed_ = false;
};

/// Posts a ChunkStart and waits for its answer: the chunk's id, or empty. Throws what std::exception says why there is
/// none. On a thread that the library abandons, if the answer comes too late.
std::string ask_for_chunk_id(std::uint64_t recorder, const std::string& recording, double started_at,
                             const std::string& file_extension);

}  // namespace onetake::python
