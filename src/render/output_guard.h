#pragma once

#include "inspect/output_file.h"
#include "render/media_reader.h"
#include "render/renderer.h"

#include <cstdint>
#include <optional>
#include <string>

namespace onetake {

/// Describes the output file of a rendering, and keeps the file that is at its path where that belongs to another take
/// or holds more. Thread-bound.
class OutputGuard {
 public:
    /// `complete`: the take is, or will be when its end is rendered. Errors: already_exists: the file there must not be
    /// replaced, whatever the rendering will hold.
    static Result<OutputGuard> create(const RenderOptions& options, const MediaReader& reader, bool complete);

    const OutputFileInfo& info() const { return info_; }
    /// For the file's metadata.
    const std::string& tag() const { return tag_; }
    /// Whether there is a file that may be replaced.
    bool replaces() const { return replace_any_ || existing_; }
    /// Errors: refused: the file there has more frames, enhanced audio, or is longer. `length` of the new one, if
    /// known.
    Status check_not_lesser(std::uint64_t frames, std::optional<Duration> length) const;

 private:
    OutputGuard() = default;
    Status check_owner() const;

    std::string command_, tag_;
    OutputFileInfo info_;
    std::optional<OutputFile> existing_;
    bool replace_any_ = false, raw_audio_is_wanted_ = false;
};

}  // namespace onetake
