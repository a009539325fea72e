#pragma once

#include <onetake/video_recorder.h>

#include <string>

namespace onetake {

/// Whether the take of a storage folder holds a recording in chunks.
bool is_chunk_take(const std::string& take_folder);

/// Makes the chunks that a killed recording in chunks did not finish, and removes its take, `name` in `folder`. Fills
/// in steps, failures and path: the folder.
void recover_chunks(const std::string& folder, const std::string& name, RecoveredRecording& recovered);

}  // namespace onetake
