#include "take/take_writer.h"

#include "take/manifest.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace onetake {

TakeWriter::TakeWriter(std::string folder, std::string name, UniqueFd dir, AppendFile journal, bool fsync)
    : folder_(std::move(folder)),
      name_(std::move(name)),
      dir_(std::move(dir)),
      journal_(std::move(journal)),
      fsync_(fsync) {}

Result<TakeWriter> TakeWriter::create(const TakeWriterOptions& options, const ClockReading& now) {
    ONETAKE_TRY(check_take_name(options.name));
    ONETAKE_TRY(make_folders(options.data_dir.empty() ? "." : options.data_dir));
    auto folder = take_folder(options.data_dir, options.name);
    if (::mkdir(folder.c_str(), 0777) != 0) {
        if (errno == EEXIST)
            return fail(
                ErrorCode::already_exists,
                fmt::format("The take {} exists already. Nothing is overwritten: choose another name.", folder));
        return fail(file_error("Can't make the folder", folder, errno));
    }
    UniqueFd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!dir) return fail(file_error("Can't open the folder", folder, errno));
    auto journal = AppendFile::create(dir.get(), kJournalName);
    if (!journal) return fail(std::move(journal).error());
    if (::flock(journal->fd(), LOCK_EX | LOCK_NB) != 0)
        return fail(file_error("Can't lock the journal of", folder, errno));

    TakeWriter writer(std::move(folder), options.name, std::move(dir), std::move(*journal), options.fsync);
    TakeRecord take{kTakeFormat, options.name, options.program, utc_iso(now.wall), now.host, options.config_json};
    ONETAKE_TRY(writer.append(take));
    ONETAKE_TRY(writer.append(ClockRecord{now}));
    ONETAKE_TRY(writer.journal_.sync());
    ONETAKE_TRY(sync_folder(writer.folder_));
    ONETAKE_TRY(sync_folder(options.data_dir.empty() ? "." : options.data_dir));
    return writer;
}

Status TakeWriter::append(const JournalRecord& record) {
    line_.clear();
    append_line(record, line_);
    const auto before = journal_.size();
    if (auto status = journal_.write(line_); !status) {
        // Half a line would swallow the next one.
        if (journal_.size() != before) ONETAKE_TRY(journal_.truncate(before));
        return status;
    }
    return fsync_ ? journal_.sync() : Status{};
}

Result<TrackId> TakeWriter::add_video_track(const VideoDescription& description) {
    const TrackId id{TrackKind::video, static_cast<int>(videos_.size()) + 1};
    const auto path = track_path(id);
    ONETAKE_TRY(make_folders(fmt::format("{}/{}", folder_, path)));
    UniqueFd fd(::openat(dir_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fail(file_error("Can't open the folder", fmt::format("{}/{}", folder_, path), errno));
    ONETAKE_TRY(append(TrackRecord{id, path, description, {}}));
    videos_.push_back({fmt::format("{}/", path), std::move(fd), 0});
    return id;
}

Result<TrackId> TakeWriter::add_audio_track(const AudioDescription& description) {
    const TrackId id{TrackKind::audio, static_cast<int>(audios_.size()) + 1};
    const auto path = track_path(id);
    if (id.number > 1) ONETAKE_TRY(make_folders(fmt::format("{}/{}", folder_, to_string(id))));
    auto wav = WavWriter::create(dir_.get(), path, description.sample_rate, description.channels);
    if (!wav) return fail(std::move(wav).error());
    ONETAKE_TRY(append(TrackRecord{id, path, {}, description}));
    audios_.push_back(std::move(*wav));
    return id;
}

Status TakeWriter::write_frame(TrackId track, std::span<const std::uint8_t> jpeg, const FrameStamp& stamp) {
    auto& video = videos_.at(static_cast<std::size_t>(track.number - 1));
    const auto name = frame_file(video.frames + 1);
    auto remove = [&](Error error) {
        ::unlinkat(video.fd.get(), name.c_str(), 0);
        error.message = fmt::format("{}/{}{}", folder_, video.folder, error.message);
        return fail(std::move(error));
    };
    {
        auto file = AppendFile::create(video.fd.get(), name);
        if (!file) {
            if (file.error().code != ErrorCode::already_exists) return fail(std::move(file).error());
            // A frame whose record could not be written left its file behind.
            ::unlinkat(video.fd.get(), name.c_str(), 0);
            file = AppendFile::create(video.fd.get(), name);
            if (!file) return fail(std::move(file).error());
        }
        if (auto status = file->write(std::as_bytes(jpeg)); !status) return remove(std::move(status).error());
        if (fsync_) {
            if (auto status = file->sync(); !status) return remove(std::move(status).error());
            ::fsync(video.fd.get());
        }
    }
    if (auto status = append(FrameRecord{track, video.frames + 1, stamp, jpeg.size()}); !status)
        return remove(std::move(status).error());
    ++video.frames;
    return {};
}

Status TakeWriter::write_block(TrackId track, const AudioBlock& block) {
    auto& wav = audios_.at(static_cast<std::size_t>(track.number - 1));
    const auto first = wav.frames();
    ONETAKE_TRY(wav.write(block.samples));
    if (fsync_) ONETAKE_TRY(wav.sync());
    return append(BlockRecord{track, first, block.frames(), block.time, block.arrival, block.source, block.xrun});
}

Status TakeWriter::write_record(const JournalRecord& record) {
    return append(record);
}

Status TakeWriter::refresh() {
    for (auto& wav : audios_) ONETAKE_TRY(wav.refresh_header());
    return {};
}

void TakeWriter::sync_all() const {
    ::syncfs(dir_.get());
}

Status TakeWriter::finish(EndRecord end, const Metrics& metrics) {
    // Each step is tried whatever became of the one before; the first error is told.
    Status first;
    auto step = [&](Status status) {
        if (!status && first) first = std::move(status);
    };
    step(refresh());
    for (auto& wav : audios_) step(wav.sync());
    for (const auto& video : videos_) end.frames += static_cast<std::uint64_t>(video.frames);
    for (const auto& wav : audios_) end.samples += static_cast<std::uint64_t>(wav.frames());
    step(append(end));
    step(journal_.sync());
    step(write_manifest(folder_, metrics));
    return first;
}

std::string TakeWriter::frames_dir() const {
    return videos_.empty() ? "" : fmt::format("{}/{}", folder_, track_path({TrackKind::video, 1}));
}

std::string TakeWriter::wav_path() const {
    return audios_.empty() ? "" : fmt::format("{}/{}", folder_, track_path({TrackKind::audio, 1}));
}

std::string TakeWriter::manifest_path() const {
    return fmt::format("{}/{}", folder_, kManifestName);
}

std::int64_t TakeWriter::frames(TrackId track) const {
    return videos_.at(static_cast<std::size_t>(track.number - 1)).frames;
}

std::int64_t TakeWriter::samples(TrackId track) const {
    return audios_.at(static_cast<std::size_t>(track.number - 1)).frames();
}

}  // namespace onetake
