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

// A call that hangs keeps its turn; whoever comes next is told instead of hanging, too.
constexpr auto kPatience = 5s;

struct Library {
    Mutex mutex;
    ConditionVariable free;
    bool busy ONETAKE_GUARDED_BY(mutex) = false;
    std::weak_ptr<PortAudioSystem> current;
    int open_streams = 0;
};

// Never destroyed: an abandoned call may still be in it when the program ends.
Library& library() {
    static auto& only = *new Library;
    return only;
}

// The right to call PortAudio and to touch the library's fields. No timed mutex: sanitizers don't know those.
class Turn {
 public:
    static Result<Turn> within(Duration patience) {
        auto& all = library();
        MutexLock lock(all.mutex);
        const auto deadline = deadline_in(patience);
        while (all.busy && all.free.wait_until(lock, deadline)) {
        }
        if (all.busy)
            return fail(ErrorCode::timed_out,
                        "PortAudio does not answer: an earlier call into it hangs, probably with the sound server. "
                        "Restart PulseAudio or PipeWire, or record without sound.");
        all.busy = true;
        return Turn();
    }
    static Turn whenever() {
        auto& all = library();
        MutexLock lock(all.mutex);
        while (all.busy) all.free.wait(lock);
        all.busy = true;
        return Turn();
    }
    Turn(Turn&& other) noexcept : mine_(std::exchange(other.mine_, false)) {}
    Turn& operator=(Turn&&) = delete;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        if (!mine_) return;
        auto& all = library();
        {
            const MutexLock lock(all.mutex);
            all.busy = false;
        }
        all.free.notify_one();
    }

 private:
    Turn() = default;
    bool mine_ = true;
};

using AlsaErrorHandler = void (*)(const char* file, int line, const char* function, int error, const char* format, ...);

void say_nothing(const char*, int, const char*, int, const char*, ...) {}

// libasound comes with PortAudio, where there is one: found at run time, it need not be there at build time.
void set_alsa_error_handler(AlsaErrorHandler handler) {
    using Setter = int (*)(AlsaErrorHandler);
    if (auto* setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler"))) setter(handler);
}

Status initialize() {
    const StderrSilence silence;
    if (const PaError code = Pa_Initialize(); code != paNoError)
        return fail(ErrorCode::device_unavailable,
                    fmt::format("Can't use sound devices: PortAudio says '{}'. Record without sound, or see whether "
                                "other programs hear the microphone.",
                                Pa_GetErrorText(code)));
    return {};
}

void terminate() {
    const StderrSilence silence;
    Pa_Terminate();
}

void close_stream(void* stream) {
    // Unlike the others this one waits as long as it takes: a stream must not be forgotten half closed.
    const Turn turn = Turn::whenever();
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
    const auto turn = Turn::within(kPatience);
    if (!turn) return fail(turn.error());
    if (auto running = library().current.lock()) return running;
    set_alsa_error_handler(say_nothing);
    ONETAKE_TRY(initialize());
    std::shared_ptr<PortAudioSystem> system(new PortAudioSystem);
    library().current = system;
    return system;
}

PortAudioSystem::~PortAudioSystem() {
    // The streams own this, so none is open. Where PortAudio hangs there is nothing to end in order.
    const auto turn = Turn::within(kPatience);
    if (!turn) return;
    terminate();
    if (library().current.expired()) set_alsa_error_handler(nullptr);
}

Result<std::vector<AudioDeviceInfo>> PortAudioSystem::devices() {
    const auto turn = Turn::within(kPatience);
    if (!turn) return fail(turn.error());
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
    const auto turn = Turn::within(kPatience);
    if (!turn) return fail(turn.error());
    if (library().open_streams > 0) return false;
    terminate();
    ONETAKE_TRY(initialize());
    return true;
}

Result<std::unique_ptr<SoundStream>> PortAudioSystem::open(const AudioDeviceInfo& device, const SoundFormat& format,
                                                           std::shared_ptr<SampleFeed> feed) {
    const auto turn = Turn::within(kPatience);
    if (!turn) return fail(turn.error());
    const StderrSilence silence;
    const PaDeviceInfo* info = Pa_GetDeviceInfo(device.index);
    if (!info || info->name != device.name)
        return fail(ErrorCode::not_found,
                    fmt::format("Microphone '{}' has just changed its number. Try again.", device.name));
    auto stream = PortAudioStream::open(device, format, std::move(feed),
                                        [keep = shared_from_this()](void* open) { close_stream(open); });
    if (!stream) return fail(stream.error());
    ++library().open_streams;
    return std::unique_ptr<SoundStream>(std::move(*stream));
}

Result<std::unique_ptr<Loudspeaker>> PortAudioSystem::open_loudspeaker() {
    const auto turn = Turn::within(kPatience);
    if (!turn) return fail(turn.error());
    const StderrSilence silence;
    auto stream = PortAudioLoudspeaker::open([keep = shared_from_this()](void* open) { close_stream(open); });
    if (!stream) return fail(std::move(stream).error());
    ++library().open_streams;
    return std::unique_ptr<Loudspeaker>(std::move(*stream));
}

}  // namespace onetake
