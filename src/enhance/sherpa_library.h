#pragma once

#include "base/error.h"

#include <sherpa-onnx/c-api/c-api.h>
#include <string>

namespace onetake {

/// sherpa-onnx's C functions, loaded at run time; for the worker program only. Its structs change between versions
/// without notice, so only the exact version of the build is accepted. Stays loaded until the process ends.
struct SherpaLibrary {
    /// Searches $ONETAKE_SHERPA_LIBRARY, else beside this program, else where the build found it. Errors: missing_part.
    static Result<SherpaLibrary> load();

    std::string version;
    decltype(&SherpaOnnxCreateOnlineSpeechDenoiser) create = nullptr;
    decltype(&SherpaOnnxDestroyOnlineSpeechDenoiser) destroy = nullptr;
    decltype(&SherpaOnnxOnlineSpeechDenoiserGetSampleRate) sample_rate = nullptr;
    decltype(&SherpaOnnxOnlineSpeechDenoiserGetFrameShiftInSamples) frame_shift = nullptr;
    decltype(&SherpaOnnxOnlineSpeechDenoiserRun) run = nullptr;
    decltype(&SherpaOnnxOnlineSpeechDenoiserFlush) flush = nullptr;
    decltype(&SherpaOnnxOnlineSpeechDenoiserReset) reset = nullptr;
    decltype(&SherpaOnnxDestroyDenoisedAudio) free_audio = nullptr;
};

}  // namespace onetake
