#include "render/enhanced_audio_tap.h"

#include "base/log.h"
#include "base/time.h"
#include "take/journal_reader.h"

#include <utility>

namespace onetake {

EnhancedAudioTap::EnhancedAudioTap(std::string take_folder, EnhancedAudioReader audio, EnhancedAudioCallback callback)
    : take_folder_(std::move(take_folder)), audio_(std::move(audio)), callback_(std::move(callback)) {}

EnhancedAudioTap::~EnhancedAudioTap() {
    job_.complete();
    (void)job_.wait();
}

void EnhancedAudioTap::start() {
    job_.start([this] {
        auto status = run();
        if (!status) log().warn("Enhanced audio is no longer passed on: {}", status.error().message);
        return status;
    });
}

// Times are those of the blocks' stamps. The audio clock's are better, but settled ten seconds later.
Status EnhancedAudioTap::run() {
    auto wav = open_enhanced(audio_);
    if (!wav) return fail(std::move(wav).error());
    if (!*wav) return {};  // the take's notes give the reason
    auto journal = JournalReader::open(take_folder_);
    if (!journal) return fail(std::move(journal).error());
    constexpr TrackId kFirst{TrackKind::audio, 1};
    constexpr auto kLookAgain = std::chrono::milliseconds(20);
    int raw_rate = 0;
    for (;;) {
        const auto record = journal->next();
        if (!record) return fail(record.error());
        if (!*record) {
            if (!job_.wait_for_more(kLookAgain)) return {};
        } else if (const auto* track = std::get_if<TrackRecord>(&**record); track && track->track == kFirst) {
            raw_rate = track->audio.sample_rate;
        } else if (const auto* block = std::get_if<BlockRecord>(&**record);
                   block && block->track == kFirst && raw_rate > 0) {
            const auto end = block->time + from_ticks(block->samples, raw_rate);
            const AudioSpan raw{block->first_sample, block->samples, block->time, end, block->xrun};
            const auto span = at_rate(raw, raw_rate, (*wav)->sample_rate());
            if (!audio_.wait_for(span.first_sample + span.frames)) return {};
            ONETAKE_TRY(emit(span, **wav));
        }
    }
}

Status EnhancedAudioTap::emit(const AudioSpan& span, WavReader& wav) {
    ONETAKE_TRY(wav.read(span.first_sample, span.frames, samples_));
    if (samples_.empty()) return {};
    EnhancedAudio audio;
    audio.t = to_seconds(span.begin.time_since_epoch());
    audio.sample_rate = wav.sample_rate();
    audio.first_sample = span.first_sample;
    audio.after_gap = span.after_gap;
    audio.samples = samples_;
    callback_(audio);
    return {};
}

}  // namespace onetake
