#include "take/take_writer.h"

#include "take/manifest.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace onetake {

TakeWriter::TakeWriter(TakeDir dir, const TakeWriterOptions& options, AppendFile journal)
    : dir_(std::move(dir)),
      name_(options.name),
      id_(options.id),
      reserve_(std::make_unique<DiskReserve>(dir_.fd())),
      journal_(std::move(journal)),
      fsync_(options.fsync),
      encoded_tracks_(options.encoded_tracks),
      data_tracks_(options.data_tracks) {}

Result<TakeWriter> TakeWriter::create(const TakeWriterOptions& options, const ClockReading& now) {
    ONETAKE_TRY(check_take_name(options.name));
    ONETAKE_TRY(make_folders(options.data_dir.empty() ? "." : options.data_dir));
    auto folder = take_folder(options.data_dir, options.name);
    if (::mkdir(folder.c_str(), 0777) != 0) {
        if (errno == EEXIST)
            return fail(ErrorCode::already_exists,
                        fmt::format("The take {} already exists and is not overwritten: choose another name.", folder));
        return fail(file_error("Can't create the folder", folder, errno));
    }
    auto dir = TakeDir::open(folder);
    if (!dir) {
        ::rmdir(folder.c_str());
        return fail(std::move(dir).error());
    }
    UniqueFd dir_copy(::fcntl(dir->fd(), F_DUPFD_CLOEXEC, 0));
    auto writer = begin(options, now, std::move(*dir));
    if (!writer) {
        // Don't leave an empty take that blocks the name.
        ::unlinkat(dir_copy.get(), kReserveName, 0);
        ::unlinkat(dir_copy.get(), kJournalName, 0);
        ::rmdir(folder.c_str());
    }
    return writer;
}

Result<TakeWriter> TakeWriter::begin(const TakeWriterOptions& options, const ClockReading& now, TakeDir dir) {
    auto journal = AppendFile::create(dir.fd(), kJournalName);
    if (!journal) return fail(std::move(journal).error());
    ONETAKE_TRY(lock_journal(journal->fd(), dir.folder()));
    TakeWriter writer(std::move(dir), options, std::move(*journal));
    writer.journal_lock_ = ForkGuard(writer.journal_.fd());
    ONETAKE_TRY(writer.reserve_->keep(writer.closing_bytes()));
    const int format = options.late_tracks      ? kFormatOfLateTracks
                       : options.data_tracks    ? kFormatOfData
                       : options.encoded_tracks ? kFormatOfPackets
                                                : kFormatOfFrames;
    TakeRecord take{format,   options.name,        options.program, utc_iso(now.wall),
                    now.host, options.config_json, options.id};
    ONETAKE_TRY(writer.append(take));
    ONETAKE_TRY(writer.append(ClockRecord{now}));
    ONETAKE_TRY(writer.journal_.sync());
    ONETAKE_TRY(sync_folder(writer.dir_.fd(), "."));
    ONETAKE_TRY(sync_folder(AT_FDCWD, options.data_dir.empty() ? "." : options.data_dir));
    return writer;
}

Status TakeWriter::append(const JournalRecord& record) {
    line_.clear();
    append_line(record, line_);
    // Remove a partial line left by a failed write, because it would corrupt the next one.
    if (journal_.size() != journal_complete_) ONETAKE_TRY(journal_.truncate(journal_complete_));
    auto status = journal_.write(line_);
    if (status && fsync_) status = journal_.sync();
    if (status)
        journal_complete_ = journal_.size();
    else
        (void)journal_.truncate(journal_complete_);
    return status;
}

Result<TrackId> TakeWriter::add_video_track(const VideoDescription& description, TrackStore store) {
    if (store == TrackStore::encoded && !encoded_tracks_)
        return fail(ErrorCode::internal, fmt::format("{} was not created for encoded tracks.", folder()));
    const TrackId id{TrackKind::video, static_cast<int>(videos_.size()) + 1};
    const auto path = track_path(id, store);
    auto fd = dir_.make_folder(path);
    if (!fd) return fail(std::move(fd).error());
    ONETAKE_TRY(append(TrackRecord{id, path, description, {}, store}));
    auto& track = videos_.emplace_back();
    track.fd = std::move(*fd);
    track.store = store;
    return id;
}

Result<TrackId> TakeWriter::add_audio_track(const AudioDescription& description) {
    const TrackId id{TrackKind::audio, static_cast<int>(audios_.size()) + 1};
    const auto path = track_path(id);
    if (id.number > 1) ONETAKE_TRY(dir_.make_folder(to_string(id)));
    auto wav = WavWriter::create(dir_.fd(), path, description.sample_rate, description.channels);
    if (!wav) return fail(std::move(wav).error());
    ONETAKE_TRY(append(TrackRecord{id, path, {}, description, {}}));
    audios_.push_back(std::move(*wav));
    return id;
}

Result<TrackId> TakeWriter::add_data_track(const DataDescription& description) {
    if (!data_tracks_) return fail(ErrorCode::internal, fmt::format("{} was not created for data tracks.", folder()));
    const TrackId id{TrackKind::data, static_cast<int>(data_.size()) + 1};
    const auto path = track_path(id);
    if (id.number > 1) ONETAKE_TRY(dir_.make_folder(to_string(id)));
    auto file = DataFileWriter::create(dir_.fd(), path);
    if (!file) return fail(std::move(file).error());
    TrackRecord record{id, path, {}, {}, {}};
    record.data = description;
    ONETAKE_TRY(append(record));
    data_.push_back({std::move(*file)});
    return id;
}

namespace {

// Rejects stamps that the reader would skip.
Status check_stamps(HostTime time, HostTime arrival) {
    for (const auto t : {time, arrival})
        if (t < HostTime(-kFarthestMedia) || t > HostTime(kFarthestMedia))
            return fail(ErrorCode::invalid_argument,
                        fmt::format("A stamp of {:.0f} s is out of range for a take.", to_seconds(t - HostTime{})));
    return {};
}

}  // namespace

Status TakeWriter::write_frame(TrackId track, std::span<const std::uint8_t> jpeg, const FrameStamp& stamp) {
    ONETAKE_TRY(check_stamps(stamp.time, stamp.arrival));
    auto& to = video(track);
    const auto name = frame_file(to.frames + 1);
    auto remove = [&](Error error) {
        ::unlinkat(to.fd.get(), name.c_str(), 0);
        return in_take(std::move(error));
    };
    {
        auto file = AppendFile::create(to.fd.get(), name);
        if (!file) {
            if (file.error().code != ErrorCode::already_exists) return in_take(std::move(file).error());
            // The file of an earlier frame whose record could not be written.
            ::unlinkat(to.fd.get(), name.c_str(), 0);
            file = AppendFile::create(to.fd.get(), name);
            if (!file) return in_take(std::move(file).error());
        }
        if (auto status = file->write(std::as_bytes(jpeg)); !status) return remove(std::move(status).error());
        if (fsync_) {
            if (auto status = file->sync(); !status) return remove(std::move(status).error());
            ::fsync(to.fd.get());
        }
    }
    if (auto status = append(FrameRecord{track, to.frames + 1, stamp, jpeg.size()}); !status)
        return remove(std::move(status).error());
    ++to.frames;
    return {};
}

Status TakeWriter::begin_part(PartRecord part) {
    ONETAKE_TRY(check_stamps(part.begin, part.begin));
    auto& to = video(part.track);
    part.number = to.parts + 1;
    auto file = PartWriter::create(to.fd.get(), part.number, part.params);
    if (!file) return in_take(std::move(file).error());
    part.header_bytes = file->size();
    auto status = fsync_ ? file->sync() : Status{};
    if (status && fsync_) ::fsync(to.fd.get());
    if (status) status = append(part);
    if (!status) {
        ::unlinkat(to.fd.get(), part_file(part.number).c_str(), 0);
        return in_take(std::move(status).error());
    }
    to.part.emplace(std::move(*file));
    to.parts = part.number;
    to.part_begin = part.begin;
    return {};
}

Status TakeWriter::write_packet(TrackId track, std::span<const std::uint8_t> packet, bool key,
                                const FrameStamp& stamp) {
    ONETAKE_TRY(check_stamps(stamp.time, stamp.arrival));
    auto& to = video(track);
    if (!to.part) return fail(ErrorCode::wrong_state, fmt::format("{} of {} has no part.", to_string(track), folder()));
    const auto before = to.part->size();
    const auto offset = to.part->write(stamp.time - to.part_begin, key, packet);
    Status status = offset ? Status{} : fail(offset.error());
    if (status && fsync_) status = to.part->sync();
    if (status)
        status = append(FrameRecord{track, to.frames + 1, stamp, packet.size(), PacketPlace{to.parts, *offset, key}});
    if (!status) {
        if (to.part->size() != before) (void)to.part->truncate(before);
        return in_take(std::move(status).error());
    }
    ++to.frames;
    return {};
}

Status TakeWriter::write_block(TrackId track, const AudioBlock& block) {
    ONETAKE_TRY(check_stamps(block.time, block.arrival));
    auto& wav = audios_.at(static_cast<std::size_t>(track.number - 1));
    const auto first = wav.frames();
    auto status = wav.write(block.samples);
    if (status && fsync_) status = wav.sync();
    if (status)
        status = append(BlockRecord{track, first, block.frames(), block.time, block.arrival, block.source, block.xrun});
    // Audio without a record has no time.
    if (!status && wav.frames() != first) (void)wav.truncate(first);
    return status ? status : in_take(std::move(status).error());
}

Status TakeWriter::write_data(TrackId track, const DataPacket& packet) {
    ONETAKE_TRY(check_stamps(packet.time, packet.arrival));
    auto& to = data_.at(static_cast<std::size_t>(track.number - 1));
    const auto before = to.file.size();
    const auto offset = to.file.write(packet.bytes);
    Status status = offset ? Status{} : fail(offset.error());
    if (status && fsync_) status = to.file.sync();
    if (status)
        status = append(DataRecord{track, to.packets + 1, packet.time, packet.arrival, packet.source,
                                   packet.bytes.size(), *offset, data_crc(packet.bytes)});
    if (!status) {
        if (to.file.size() != before) (void)to.file.truncate(before);
        return in_take(std::move(status).error());
    }
    ++to.packets;
    return {};
}

Status TakeWriter::write_record(const JournalRecord& record) {
    auto status = append(record);
    return status ? status : in_take(std::move(status).error());
}

tl::unexpected<Error> TakeWriter::in_take(Error error) const {
    // Files are created, so what is missing is their folder.
    if (error.code == ErrorCode::not_found)
        error.message = fmt::format("The take's folder {} was deleted while recording. ({})", folder(), error.message);
    else
        error.message += fmt::format(" (take {})", folder());
    return fail(std::move(error));
}

Status TakeWriter::refresh_headers() {
    for (auto& wav : audios_) ONETAKE_TRY(wav.refresh_header());
    return {};
}

// The manifest's rows are shorter than the journal's lines; the rest is for its header and the journal's last lines.
std::uint64_t TakeWriter::closing_bytes() const {
    constexpr std::uint64_t kHeader = std::uint64_t{2} << 20, kStep = std::uint64_t{1} << 20;
    return kHeader + (journal_.size() / kStep + 1) * kStep;
}

Status TakeWriter::refresh() {
    const auto deleted = [](std::string what) {
        return fail(ErrorCode::not_found, fmt::format("{} was deleted while recording.", what));
    };
    if (folder_deleted()) return deleted(fmt::format("The take's folder {}", folder()));
    if (journal_deleted()) return deleted(dir_.path(kJournalName));
    for (std::size_t i = 0; i < videos_.size(); ++i)
        if (videos_[i].part && videos_[i].part->deleted())
            return deleted(dir_.path(track_path({TrackKind::video, static_cast<int>(i) + 1}, TrackStore::encoded)));
    for (std::size_t i = 0; i < audios_.size(); ++i)
        if (audios_[i].deleted()) return deleted(dir_.path(track_path({TrackKind::audio, static_cast<int>(i) + 1})));
    for (std::size_t i = 0; i < data_.size(); ++i)
        if (data_[i].file.deleted()) return deleted(dir_.path(track_path({TrackKind::data, static_cast<int>(i) + 1})));
    ONETAKE_TRY(reserve_->keep(closing_bytes()));
    return refresh_headers();
}

Status TakeWriter::sync_all() const {
    if (::syncfs(dir_.fd()) != 0) return fail(file_error("The disk could not write out the take in", folder(), errno));
    return {};
}

Status TakeWriter::finish(EndRecord end, const Metrics& metrics) {
    // Every step runs even if an earlier one failed; the first error is returned.
    Status first;
    auto step = [&](Status status) {
        if (!status && first) first = std::move(status);
    };
    reserve_->release();
    step(refresh_headers());
    for (auto& wav : audios_) step(wav.sync());
    const auto synced = sync_all();
    step(synced);
    for (const auto& video : videos_) end.frames += static_cast<std::uint64_t>(video.frames);
    for (const auto& wav : audios_) end.samples += static_cast<std::uint64_t>(wav.frames());
    for (const auto& data : data_) end.packets += static_cast<std::uint64_t>(data.packets);
    // An `end` record on disk guarantees that all media is on disk.
    if (synced) step(append(end));
    step(journal_.sync());
    step(write_manifest(dir_, metrics));
    return first;
}

std::string TakeWriter::frames_dir() const {
    return videos_.empty() ? "" : dir_.path(track_path({TrackKind::video, 1}, videos_.front().store));
}

std::string TakeWriter::wav_path() const {
    return audios_.empty() ? "" : dir_.path(track_path({TrackKind::audio, 1}));
}

std::string TakeWriter::manifest_path() const {
    return dir_.path(kManifestName);
}

std::int64_t TakeWriter::frames(TrackId track) const {
    return videos_.at(static_cast<std::size_t>(track.number - 1)).frames;
}

std::int64_t TakeWriter::samples(TrackId track) const {
    return audios_.at(static_cast<std::size_t>(track.number - 1)).frames();
}

std::int64_t TakeWriter::packets(TrackId track) const {
    return data_.at(static_cast<std::size_t>(track.number - 1)).packets;
}

}  // namespace onetake
