#pragma once

#include "inspect/output_file.h"

#include <string>

namespace onetake {

/// What is wrong with an output file; empty if it can be read to its end and decoded. Reads every packet. Decodes the
/// audio, and of the video the keyframes and everything from the last one on; with `decode_all` every frame. A stream
/// that this libavcodec can't decode is read only.
std::string output_problem(const OutputFile& file, bool decode_all);

}  // namespace onetake
