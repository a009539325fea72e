#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>

namespace onetake {

/// The metadata of a DPDFNet model.
struct ModelInfo {
    std::string profile;      ///< the variant, as named by its exporter
    int sample_rate = 0;      ///< Hz, of its input and output
    std::uint64_t bytes = 0;  ///< of the file
};

/// Reads the metadata of a DPDFNet model (ONNX) and checks their consistency, because the library that runs models
/// doesn't: wrong metadata crash its process, corrupt its heap or silently produce wrong audio. Reads little more than
/// the metadata, whatever the file contains. Errors: not_found, io; corrupt for anything but a complete DPDFNet model.
Result<ModelInfo> inspect_model(const std::string& path);

}  // namespace onetake
