#include "record/chunk_session.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/shell_quote.h"
#include "capture/bounded_call.h"
#include "record/callback_guard.h"
#include "take/take_files.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;

constexpr Duration kLookAgain = std::chrono::milliseconds(20);
constexpr Duration kCallbackTimeout = std::chrono::seconds(5);
constexpr std::string_view kExtension = ".mkv";

// Nothing is overwritten, and a folder has the chunks of one recording.
Status check_folder(const std::string& directory) {
    ONETAKE_TRY(make_folders(directory));
    std::error_code problem;
    for (auto it = fs::directory_iterator(directory, problem); !problem && it != fs::directory_iterator();
         it.increment(problem)) {
        const auto name = it->path().filename().string();
        if (is_work_take(name))
            return fail(ErrorCode::already_exists,
                        fmt::format("{} has a recording that was not completed: `onetake recover {}` does that. Choose "
                                    "another folder for a new one.",
                                    directory, shell_quoted(directory)));
        if (it->path().extension() == kExtension)
            return fail(ErrorCode::already_exists,
                        fmt::format("{} has files of another recording. Choose another folder.", directory));
    }
    if (problem) return fail(file_error("Can't read the folder", directory, problem.value()));
    return {};
}

WrittenChunk written(const FinishedChunk& chunk) {
    return {chunk.id, to_seconds(chunk.place), to_seconds(chunk.duration), chunk.bytes};
}

}  // namespace

std::string chunk_take_name(const std::string& name) {
    return work_take_name(name);
}

ChunkSession::ChunkSession(ChunkSessionOptions options)
    : options_(std::move(options)), gate_(options_.length, options_.stall_timeout, options_.streams, options_.origin) {
    events_.set(options_.on_event);
}

Result<std::unique_ptr<ChunkSession>> ChunkSession::start(ChunkSessionOptions options,
                                                          std::optional<OpenedSources> sources) {
    ONETAKE_TRY(check_folder(options.directory));
    std::unique_ptr<ChunkSession> session(new ChunkSession(std::move(options)));
    ONETAKE_TRY(session->begin(std::move(sources)));
    return session;
}

Status ChunkSession::begin(std::optional<OpenedSources> sources) {
    auto& config = options_.recorder;
    config.data_dir = options_.directory;
    auto names = TakeNames::create(chunk_take_name(options_.name), options_.directory);
    if (!names) return fail(std::move(names).error());
    RecordingOptions recording{std::move(*names), {}, [this](const RecorderEvent& event) { events_.post(event); }};
    recording.keep_size = true;
    recording.video = options_.video;
    recording.chunks = &gate_;
    recording.sources = std::move(sources);
    auto started = Recording::start(config, std::move(recording));
    if (!started) return fail(std::move(started).error());
    recording_ = std::move(*started);
    progress_ = std::make_unique<RenderProgress>([this](const Progress& progress) {
        ProgressCallback callback;
        {
            MutexLock lock(mutex_);
            callback = on_progress_;
        }
        if (callback) callback(progress);
    });
    job_.emplace();
    job_->start([this] { return make_chunks(); });
    return {};
}

Result<ChunkRenderReport> ChunkSession::make_chunks() {
    ChunkRenderOptions options;
    options.take_folder = take_folder(options_.directory, recording_->name());
    options.folder = options_.directory;
    options.wait_for_more = [this] { return job_->wait_for_more(kLookAgain); };
    options.complete_tracks = [this] { return gate_.complete_tracks(host_now()); };
    options.id_of = [this](std::int64_t number, WallTime begin) { return id_of(number, begin); };
    options.on_finished = [this](const FinishedChunk& chunk) { finished(chunk); };
    options.cancel = job_->stop_token();
    auto report = render_chunks(options, *progress_);
    if (!report && report.error().code != ErrorCode::not_found && report.error().code != ErrorCode::cancelled &&
        !job_->is_complete())
        this->report(EventKind::fallback, "",
                     fmt::format("No more chunks are made while recording: {} What comes is stored; it is made into "
                                 "chunks at the end.",
                                 report.error().message));
    return report;
}

// The program's callback may block, or throw.
std::string ChunkSession::id_of(std::int64_t number, WallTime begin) {
    std::string id;
    if (options_.start_chunk_callback) {
        struct Answer {
            std::string id, problem;
        };
        auto answer = std::make_shared<Answer>();
        auto call = BoundedCall::begin([answer, callback = options_.start_chunk_callback, name = options_.name,
                                        at = static_cast<double>(to_ns(begin)) * 1e-9] {
            in_callback = true;
            try {
                answer->id = callback(name, at, std::string(kExtension));
            } catch (const std::exception& e) {
                answer->problem = e.what();
            } catch (...) {
                answer->problem = "an exception that is no std::exception";
            }
        });
        std::string problem = "it did not return in time";
        if (call.wait_until(host_now() + kCallbackTimeout)) {
            problem = answer->problem;
            id = answer->id;
        }
        std::error_code ignored;
        if (problem.empty() && !id.empty()) {
            if (const auto usable = check_take_name(id); !usable || id.front() == '.')
                problem = fmt::format("\"{}\" can't be a file's name", id);
            else if (!ids_.insert(id).second || fs::exists(fmt::format("{}/{}.mkv", options_.directory, id), ignored))
                problem = fmt::format("\"{}\" exists already", id);
        }
        if (!problem.empty()) {
            id = fmt::format("{:05}", number);
            for (int n = 2; !ids_.insert(id).second; ++n) id = fmt::format("{:05}-{}", number, n);
            report(EventKind::note, "",
                   fmt::format("Chunk {} is named {}: start_chunk_callback: {}.", number, id, problem));
        }
    }
    if (id.empty()) id = fmt::format("{:05}", number);
    recording_->write_later(ChunkRecord{number, id, false});
    return id;
}

void ChunkSession::finished(const FinishedChunk& chunk) {
    recording_->write_later(ChunkRecord{chunk.number, chunk.id, true});
    MutexLock lock(mutex_);
    chunks_.push_back(written(chunk));
}

void ChunkSession::report(EventKind kind, const std::string& track, std::string text) {
    events_.post({kind, to_seconds(host_now().time_since_epoch()), track, 0, std::move(text)});
}

ChunkSession::~ChunkSession() {
    if (!recording_ || stopped_) return;
    if (const auto result = stop({}); !result) log().error("{}", result.error().message);
}

Result<ChunkedResult> ChunkSession::stop(const ProgressCallback& on_progress) {
    stopped_ = true;
    {
        MutexLock lock(mutex_);
        on_progress_ = on_progress;
    }
    recording_->end_capture();
    const bool has_media = recording_->has_media();
    progress_->start(recording_->length());  // the rendering ends where the take does, which may be at once
    auto take = recording_->close();
    if (!take) {
        job_.reset();
        events_.flush();
        return fail(std::move(take).error());
    }
    job_->complete();
    auto report = job_->wait();

    ChunkedResult result;
    result.directory = options_.directory;
    result.recording = take->id;
    result.notes = take->metrics.notes;
    if (!take->metrics.ended_early.empty())
        result.failures.push_back(fmt::format("The recording ended early: {}", take->metrics.ended_early));
    result.failures.insert(result.failures.end(), take->failures.begin(), take->failures.end());
    const auto folder = take_folder(options_.directory, take->name);
    bool complete = report || !has_media;
    if (!report && has_media)
        result.failures.push_back(
            fmt::format("{} Not all of the recording is in chunks. What is missing is kept; `onetake recover {}` makes "
                        "it into chunks.",
                        report.error().message, shell_quoted(options_.directory)));
    const auto made = report ? *report : ChunkRenderReport();
    for (const auto& loss : made.losses)
        if (loss.lost > 0) {
            complete = false;
            result.failures.push_back(fmt::format("{} of {} {}s of {} could not be read back, and are in no chunk.",
                                                  loss.lost, loss.named, unit_of(loss.track.kind),
                                                  to_string(loss.track)));
        }
    result.notes.insert(result.notes.end(), made.notes.begin(), made.notes.end());
    result.duration_s = to_seconds(made.length);
    result.streams = streams_of(take->metrics, made);
    {
        MutexLock lock(mutex_);
        result.chunks = std::move(chunks_);
        on_progress_ = {};
    }
    std::error_code problem;
    if (complete) fs::remove_all(folder, problem);
    if (!complete || problem) result.take = folder;
    if (problem) result.notes.push_back(fmt::format("{} could not be removed: {}.", folder, problem.message()));
    job_.reset();
    events_.flush();
    return result;
}

std::vector<ChunkedStream> ChunkSession::streams_of(const Metrics& metrics, const ChunkRenderReport& report) const {
    std::vector<ChunkedStream> streams;
    for (const auto& wanted : gate_.streams()) {
        const auto track = to_string(wanted.track);
        const auto counters = std::ranges::find(metrics.counters, track, &TrackCounters::track);
        if (counters == metrics.counters.end()) continue;
        ChunkedStream stream;
        stream.name = wanted.name;
        stream.kind = to_string(wanted.track.kind);
        stream.codec = wanted.encoder;
        stream.pushed = counters->expected;
        stream.dropped = counters->dropped_queue;
        auto missing = counters->lost() - counters->dropped_queue;
        if (const auto late = report.late.find(track);
            late != report.late.end() && wanted.track.kind != TrackKind::audio)
            missing += late->second;
        for (const auto& loss : report.losses)
            if (loss.track == wanted.track) missing += loss.lost;
        stream.lost = missing;
        stream.written = counters->expected - std::min(counters->expected, stream.dropped + missing);
        streams.push_back(std::move(stream));
    }
    return streams;
}

}  // namespace onetake
