#include "enhance/sherpa_library.h"

#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr const char* kFile = "libsherpa-onnx-c-api.so";

std::string library_path() {
    // A path from the environment has no fallback, so that a mistake in it is noticed.
    if (const char* path = ::secure_getenv("ONETAKE_SHERPA_LIBRARY"); path && *path) return path;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
        const auto beside = self.parent_path() / kFile;
        if (std::filesystem::exists(beside, error)) return beside.string();
    }
    return ONETAKE_SHERPA_LIBRARY;
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

}  // namespace

Result<SherpaLibrary> SherpaLibrary::load() {
    const auto path = library_path();
    void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char* why = ::dlerror();
        return fail(ErrorCode::missing_part,
                    fmt::format("The library sherpa-onnx can't be loaded: {}. scripts/fetch_sherpa.sh fetches it.",
                                why ? why : path));
    }
    SherpaLibrary s;
    decltype(&SherpaOnnxGetVersionStr) version = nullptr;
    if (!find(library, "SherpaOnnxGetVersionStr", version))
        return fail(ErrorCode::missing_part, fmt::format("{} reports no version.", path));
    s.version = version();
    if (s.version != ONETAKE_SHERPA_VERSION)
        return fail(ErrorCode::missing_part,
                    fmt::format("{} is sherpa-onnx {}, but this program was built for {}: their data structures "
                                "differ. Use that version, or build again with this one.",
                                path, s.version, ONETAKE_SHERPA_VERSION));
    const bool complete = find(library, "SherpaOnnxCreateOnlineSpeechDenoiser", s.create) &&
                          find(library, "SherpaOnnxDestroyOnlineSpeechDenoiser", s.destroy) &&
                          find(library, "SherpaOnnxOnlineSpeechDenoiserGetSampleRate", s.sample_rate) &&
                          find(library, "SherpaOnnxOnlineSpeechDenoiserGetFrameShiftInSamples", s.frame_shift) &&
                          find(library, "SherpaOnnxOnlineSpeechDenoiserRun", s.run) &&
                          find(library, "SherpaOnnxOnlineSpeechDenoiserFlush", s.flush) &&
                          find(library, "SherpaOnnxOnlineSpeechDenoiserReset", s.reset) &&
                          find(library, "SherpaOnnxDestroyDenoisedAudio", s.free_audio);
    if (!complete) return fail(ErrorCode::missing_part, fmt::format("{} has no streaming speech denoiser.", path));
    return s;
}

}  // namespace onetake
