#include "render/enhanced_audio_tap.h"

#include "base/log.h"
#include "base/time.h"
#include "take/journal_reader.h"

#include <utility>

namespace onetake {

EnhancedAudioTap::EnhancedAudioTap(std::string take_folder, EnhancedAudioReader sound, EnhancedAudioCallback callback)
    : take_folder_(std::move(take_folder)), sound_(std::move(sound)), callback_(std::move(callback)) {}

EnhancedAudioTap::~EnhancedAudioTap() {
    {
        std::lock_guard lock(mutex_);
        complete_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void EnhancedAudioTap::start() {
    thread_ = std::thread([this] {
        if (const auto status = run(); !status)
            log().warn("Enhanced sound is not handed out any more: {}", status.error().message);
    });
}

// Stamps are those of the blocks as they came. The audio clock's are better, but settled ten seconds later.
Status EnhancedAudioTap::run() {
    auto wav = open_enhanced(sound_);
    if (!wav) return fail(std::move(wav).error());
    if (!*wav) return {};  // the take's notes say why
    auto journal = JournalReader::open(take_folder_);
    if (!journal) return fail(std::move(journal).error());
    constexpr TrackId kFirst{TrackKind::audio, 1};
    int raw_rate = 0;
    for (;;) {
        const auto record = journal->next();
        if (!record) return fail(record.error());
        if (!*record) {
            if (!wait_for_more()) return {};
        } else if (const auto* track = std::get_if<TrackRecord>(&**record); track && track->track == kFirst) {
            raw_rate = track->audio.sample_rate;
        } else if (const auto* block = std::get_if<BlockRecord>(&**record);
                   block && block->track == kFirst && raw_rate > 0) {
            const auto end = block->time + from_ticks(block->samples, raw_rate);
            const AudioSpan raw{block->first_sample, block->samples, block->time, end, block->xrun};
            const auto span = at_rate(raw, raw_rate, (*wav)->sample_rate());
            if (!sound_.wait_for(span.first_sample + span.frames)) return {};
            ONETAKE_TRY(give(span, **wav));
        }
    }
}

bool EnhancedAudioTap::wait_for_more() {
    constexpr auto kLookAgain = std::chrono::milliseconds(20);
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, kLookAgain, [&] { return complete_; });
}

Status EnhancedAudioTap::give(const AudioSpan& span, WavReader& wav) {
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
