#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// The models that speech enhancement runs: which there are, and how they come to this machine.
namespace onetake {

struct DenoiseModel {
    std::string_view variant;  ///< "dpdfnet2"
    int sample_rate = 0;       ///< Hz, of the enhanced sound
    std::string_view use;      ///< what it is good for
    std::uint64_t bytes = 0;   ///< of the file, about
};

/// All published variants, lightest first.
ONETAKE_API const std::vector<DenoiseModel>& denoise_models();

/// Where a variant is published. Errors: invalid_argument for an unknown variant; the message lists them.
ONETAKE_API Result<std::string> denoise_model_url(std::string_view variant);

/// Where models are kept: $XDG_DATA_HOME/onetake/models, else ~/.local/share/onetake/models.
ONETAKE_API std::string denoise_model_folder();

/// A model's file in that folder, whether it is there or not.
ONETAKE_API std::string denoise_model_path(std::string_view variant, const std::string& folder = {});

struct DownloadOptions {
    std::string folder;  ///< empty: denoise_model_folder()
    std::string url;     ///< empty: denoise_model_url()
    std::string sha256;  ///< refuse any other file; empty: an unknown checksum is a warning
    /// Called a few times a second from the calling thread with bytes here and in all (0: unknown). False: stop, and
    /// keep what is here for the next time. May be empty.
    std::function<bool(std::uint64_t, std::uint64_t)> on_progress;
};

struct StoredModel {
    std::string path;
    std::string sha256;
    std::uint64_t bytes = 0;
    int sample_rate = 0;      ///< Hz
    std::string warning;      ///< one sentence, empty where there is nothing to say
    bool downloaded = false;  ///< false: it was there already
};

/// Fetches a variant, goes on where an earlier attempt was cut off, checks it, and gives it its name only then. Does
/// nothing where it is there and whole. Blocks. Errors: invalid_argument; io without network or server, saying what can
/// be done; corrupt for a file that is no model or has another checksum than asked for; cancelled; missing_part in a
/// build without libcurl.
ONETAKE_API Result<StoredModel> download_denoise_model(std::string_view variant, const DownloadOptions& options = {});

/// Checks a model file: whole, of DPDFNet's kind, and which published file it is. Errors: not_found, corrupt.
ONETAKE_API Result<StoredModel> verify_denoise_model(const std::string& path);

}  // namespace onetake
