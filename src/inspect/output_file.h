#pragma once

#include "base/error.h"
#include "container/file_facts.h"
#include "take/journal.h"

#include <onetake/take.h>

#include <optional>
#include <string>

namespace onetake {

/// What identifies a take, whatever its name: its id; for takes without one, its creation and start.
std::string take_identity(const TakeRecord& take);

/// A rendered file, as its tag and header describe it.
struct OutputFile {
    OutputFileInfo info;
    FileFacts facts;
    bool readable = false;  ///< its header
};

/// The tag `comment` of a rendered file: JSON.
std::string output_file_tag(const OutputFileInfo& info, const TakeRecord& take);

/// Reads a file's tag and header. Empty: there is no file. A file without a readable tag has an empty `info.take`.
std::optional<OutputFile> read_output_file(const std::string& path);

}  // namespace onetake
