#pragma once

#include "base/error.h"
#include "container/demuxer.h"

#include <onetake/container_format.h>
#include <onetake/mux.h>

#include <string>
#include <sys/stat.h>

namespace onetake {

/// Where the result of mux_audio() goes.
struct MuxTarget {
    std::string path;
    ContainerFormat format = ContainerFormat::mp4;
    bool replace = false;
};

/// By the options and the video's own container. Errors: invalid_argument, for an extension that names no container, or
/// options that contradict each other; already_exists; unsupported for AVI from another container, and for WebM.
Result<MuxTarget> mux_target(const std::string& video, Demuxer::Format format, const std::string& audio,
                             const MuxOptions& options);

/// A file as it is now: tells whether another program has written to it since.
class FileState {
 public:
    static Result<FileState> of(const std::string& path);
    /// An error (wrong_state) if the file has been written or replaced since.
    Status check_unchanged() const;

 private:
    FileState(std::string path, const struct stat& state) : path_(std::move(path)), state_(state) {}
    std::string path_;
    struct stat state_;
};

}  // namespace onetake
