#include "portaudio/portaudio_system.h"

#include "base/mutex.h"
#include "portaudio/portaudio_loudspeaker.h"
#include "portaudio/portaudio_stream.h"
#include "portaudio/stderr_silence.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <portaudio.h>

namespace onetake {

namespace {

using namespace std::chrono_literals;

// A call that hangs keeps the lock; later calls fail after this time instead of hanging, too.
constexpr auto kLockTimeout = 5s;

struct Library {
    Mutex mutex;
    ConditionVariable free;
    bool busy ONETAKE_GUARDED_BY(mutex) = false;
    std::weak_ptr<PortAudioSystem> current;
    int open_streams = 0;
};

// Never destroyed: an abandoned call may still use it when the program exits.
Library& library() {
    static auto& only = *new Library;
    return only;
}

// Lock for calling PortAudio and using the library's fields. Not a timed mutex: sanitizers don't support those.
class LibraryLock {
 public:
    static Result<LibraryLock> try_for(Duration timeout) {
        auto& all = library();
        MutexLock lock(all.mutex);
        const auto deadline = deadline_in(timeout);
        while (all.busy && all.free.wait_until(lock, deadline)) {
        }
        if (all.busy)
            return fail(ErrorCode::timed_out,
                        "PortAudio does not respond: an earlier call hangs, probably in the sound server. Restart "
                        "PulseAudio or PipeWire, or record without audio.");
        all.busy = true;
        return LibraryLock();
    }
    static LibraryLock wait() {
        auto& all = library();
        MutexLock lock(all.mutex);
        while (all.busy) all.free.wait(lock);
        all.busy = true;
        return LibraryLock();
    }
    LibraryLock(LibraryLock&& other) noexcept : owned_(std::exchange(other.owned_, false)) {}
    LibraryLock& operator=(LibraryLock&&) = delete;
    LibraryLock(const LibraryLock&) = delete;
    LibraryLock& operator=(const LibraryLock&) = delete;
    ~LibraryLock() {
        if (!owned_) return;
        auto& all = library();
        {
            const MutexLock lock(all.mutex);
            all.busy = false;
        }
        all.free.notify_one();
    }

 private:
    LibraryLock() = default;
    bool owned_ = true;
};

using AlsaErrorHandler = void (*)(const char* file, int line, const char* function, int error, const char* format, ...);

void ignore_alsa_error(const char*, int, const char*, int, const char*, ...) {}

// libasound is a dependency of PortAudio, if used at all; looked up at run time, so it is not needed to build.
void set_alsa_error_handler(AlsaErrorHandler handler) {
    using Setter = int (*)(AlsaErrorHandler);
    if (auto* setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler"))) setter(handler);
}

Status initialize() {
    const StderrSilence silence;
    if (const PaError code = Pa_Initialize(); code != paNoError)
        return fail(ErrorCode::device_unavailable,
                    fmt::format("Can't use audio devices: PortAudio reports '{}'. Record without audio, or check "
                                "whether other programs can use the microphone.",
                                Pa_GetErrorText(code)));
    return {};
}

void terminate() {
    const StderrSilence silence;
    Pa_Terminate();
}

void close_stream(void* stream) {
    // No timeout here, unlike elsewhere: a stream must be closed completely.
    const LibraryLock lock = LibraryLock::wait();
    const StderrSilence silence;
    Pa_CloseStream(stream);
    --library().open_streams;
}

}  // namespace

Result<std::shared_ptr<AudioSystem>> audio_system() {
    return PortAudioSystem::shared();
}

Result<std::unique_ptr<Loudspeaker>> open_loudspeaker() {
    const auto system = PortAudioSystem::shared();
    if (!system) return fail(system.error());
    return (*system)->open_loudspeaker();
}

Result<std::shared_ptr<PortAudioSystem>> PortAudioSystem::shared() {
    const auto lock = LibraryLock::try_for(kLockTimeout);
    if (!lock) return fail(lock.error());
    if (auto running = library().current.lock()) return running;
    set_alsa_error_handler(ignore_alsa_error);
    ONETAKE_TRY(initialize());
    std::shared_ptr<PortAudioSystem> system(new PortAudioSystem);
    library().current = system;
    return system;
}

PortAudioSystem::~PortAudioSystem() {
    // The streams own this object, so none is open. If PortAudio hangs, it can't be terminated.
    const auto lock = LibraryLock::try_for(kLockTimeout);
    if (!lock) return;
    terminate();
    if (library().current.expired()) set_alsa_error_handler(nullptr);
}

Result<std::vector<AudioDeviceInfo>> PortAudioSystem::devices() {
    const auto lock = LibraryLock::try_for(kLockTimeout);
    if (!lock) return fail(lock.error());
    std::vector<AudioDeviceInfo> inputs;
    const PaDeviceIndex standard = Pa_GetDefaultInputDevice();
    for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); ++i) {
        const PaDeviceInfo* info = Pa_GetDeviceInfo(i);
        if (!info || info->maxInputChannels <= 0) continue;
        const PaHostApiInfo* api = Pa_GetHostApiInfo(info->hostApi);
        inputs.push_back({.index = i,
                          .name = info->name ? info->name : "",
                          .host_api = api && api->name ? api->name : "",
                          .channels = info->maxInputChannels,
                          .default_sample_rate = info->defaultSampleRate,
                          .is_default = i == standard});
    }
    return inputs;
}

Result<bool> PortAudioSystem::refresh() {
    const auto lock = LibraryLock::try_for(kLockTimeout);
    if (!lock) return fail(lock.error());
    if (library().open_streams > 0) return false;
    terminate();
    ONETAKE_TRY(initialize());
    return true;
}

Result<std::unique_ptr<InputStream>> PortAudioSystem::open(const AudioDeviceInfo& device, const StreamFormat& format,
                                                           std::shared_ptr<SampleFeed> feed) {
    const auto lock = LibraryLock::try_for(kLockTimeout);
    if (!lock) return fail(lock.error());
    const StderrSilence silence;
    const PaDeviceInfo* info = Pa_GetDeviceInfo(device.index);
    if (!info || info->name != device.name)
        return fail(ErrorCode::not_found,
                    fmt::format("The index of microphone '{}' has just changed. Try again.", device.name));
    auto stream = PortAudioStream::open(device, format, std::move(feed),
                                        [keep = shared_from_this()](void* open) { close_stream(open); });
    if (!stream) return fail(stream.error());
    ++library().open_streams;
    return std::unique_ptr<InputStream>(std::move(*stream));
}

Result<std::unique_ptr<Loudspeaker>> PortAudioSystem::open_loudspeaker() {
    const auto lock = LibraryLock::try_for(kLockTimeout);
    if (!lock) return fail(lock.error());
    const StderrSilence silence;
    auto stream = PortAudioLoudspeaker::open([keep = shared_from_this()](void* open) { close_stream(open); });
    if (!stream) return fail(std::move(stream).error());
    ++library().open_streams;
    return std::unique_ptr<Loudspeaker>(std::move(*stream));
}

}  // namespace onetake
