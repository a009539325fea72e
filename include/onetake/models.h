#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

/// The models of speech enhancement: which are published, and how to download them.
namespace onetake {

struct DenoiseModel {
    std::string_view variant;  ///< "dpdfnet2"
    int sample_rate = 0;       ///< Hz, of the enhanced audio
    std::string_view use;      ///< what it is suited for
    std::uint64_t bytes = 0;   ///< of the file, about
};

/// All published variants, lightest first.
ONETAKE_API const std::vector<DenoiseModel>& denoise_models();

/// Where a variant is published. Errors: invalid_argument for an unknown variant; the message lists them.
ONETAKE_API Result<std::string> denoise_model_url(std::string_view variant);

/// Where models are kept: $XDG_DATA_HOME/onetake/models, else ~/.local/share/onetake/models.
ONETAKE_API std::string denoise_model_folder();

/// A model's path in that folder, whether it exists or not.
ONETAKE_API std::string denoise_model_path(std::string_view variant, const std::string& folder = {});

/// The path of the model that `model` names: a file, or a variant that was downloaded to `folder`. Empty text: the
/// first of denoise_models() that is there. Errors: invalid_argument, not_found: a variant that is not there, and how
/// to get it.
ONETAKE_API Result<std::string> find_denoise_model(const std::string& model, const std::string& folder = {});

struct DownloadOptions {
    std::string folder;  ///< empty: denoise_model_folder()
    std::string url;     ///< empty: denoise_model_url()
    std::string sha256;  ///< refuse any other file; empty: an unknown checksum is a warning
    /// Called a few times a second on the calling thread with the bytes downloaded and in total (0: unknown). May be
    /// empty.
    std::function<void(std::uint64_t, std::uint64_t)> on_progress;
    std::stop_token cancel;  ///< ends the download; the next one continues
};

struct StoredModel {
    std::string path;
    std::string sha256;
    std::uint64_t bytes = 0;
    int sample_rate = 0;      ///< Hz
    std::string warning;      ///< one sentence, or empty
    bool downloaded = false;  ///< false: it existed already
};

/// Downloads a variant, continuing an interrupted download, verifies it, and only then renames it. If it is there and
/// complete, only what interrupted downloads left is removed. Blocks. Errors: invalid_argument; io without network or
/// server, with what can be done; corrupt for a file that is no model or has another checksum than requested;
/// cancelled; missing_part in a build without libcurl.
ONETAKE_API Result<StoredModel> download_denoise_model(std::string_view variant, const DownloadOptions& options = {});

/// Verifies that a model file is complete and a DPDFNet model, and identifies it. Errors: not_found, corrupt.
ONETAKE_API Result<StoredModel> verify_denoise_model(const std::string& path);

}  // namespace onetake
