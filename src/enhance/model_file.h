#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>

namespace onetake {

/// What a DPDFNet model says of itself.
struct ModelInfo {
    std::string profile;      ///< the variant, as its exporter calls it
    int sample_rate = 0;      ///< Hz, of its input and output
    std::uint64_t bytes = 0;  ///< of the file
};

/// Reads the metadata of a DPDFNet model (ONNX) and checks them against each other: the library that runs models trusts
/// them, and a wrong one ends its process, corrupts its heap or gives wrong sound without a word. Reads little more
/// than the metadata, whatever the file holds. Errors: not_found, io; corrupt for what is no whole DPDFNet model.
Result<ModelInfo> inspect_model(const std::string& path);

}  // namespace onetake
