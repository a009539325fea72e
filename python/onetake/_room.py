"""Rooms: the audio, video and screen shares of any number of participants, and the recorders that get them."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _callbacks, _onetake
from ._config import StrPath
from ._convert import fields_of
from ._enums import ContainerFormat, OnFull, PixelRange, RoomLayout, RoomMedia, RoomStart
from ._values import Event, Progress
from ._video_recorder import VideoRecorder, VideoRecordingResult, recording_result

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclasses.dataclass(frozen=True)
class ChannelRecordingConfig:
    """Which tracks are recorded; each kind by itself."""

    audio: bool = True
    video: bool = True
    screen_share: bool = True


@dataclasses.dataclass(frozen=True)
class RecordingTrack:
    """A track of a room, as recorders see it."""

    number: int
    """Unique in the room, from 1; one that comes again has another."""
    participant: str
    media: RoomMedia
    format: str = "raw_bgr24"
    """Of the frame at hand: "raw_bgr24", "raw_rgb24", "raw_gray8", "raw_nv12", "raw_i420", "jpeg", "h264" …"""
    width: int = 0
    """Of the frame at hand; 0 before the first."""
    height: int = 0
    fps: float = 0.0
    """Of video: nominal."""
    sample_rate: int = 0
    channels: int = 0


@dataclasses.dataclass(frozen=True)
class RecordedTrack:
    """What became of a track: delivered = written + dropped + refused + lost. Frames, or samples per channel."""

    participant: str
    media: RoomMedia
    delivered: int = 0
    written: int = 0
    """In the file; in a composite, shown or mixed."""
    dropped: int = 0
    """For lack of time; in a composite also frames that no image needed."""
    refused: int = 0
    """Damaged, of a format that is not recorded, or not later than the last."""
    lost: int = 0
    """In an encoder that failed, or on a full disk."""
    intervals: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    """Each stay, from its first media to its last: seconds from the file's beginning."""
    gaps: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class MediaRecordingResult:
    """What a recorder of a room made."""

    path: str = ""
    """Of the file, or its URL; empty: there is none."""
    take: str = ""
    """Folder of the take, where it was kept."""
    size_bytes: int = 0
    duration_s: float = 0.0
    codec: str = ""
    tracks: list[RecordedTrack] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)
    """What was asked for and not done, and why."""


@dataclasses.dataclass(frozen=True)
class RoomLoss:
    """What a room's recorder did not get, of one track."""

    participant: str
    media: RoomMedia
    dropped: int
    """Frames or blocks: its queue was full, or the recorder did not return in time."""
    failed: int
    """Frames or blocks that the recorder refused, or raised an exception at."""


@dataclasses.dataclass
class RoomRecorderResult:
    """What became of one recorder of a room."""

    name: str
    recording: MediaRecordingResult
    losses: list[RoomLoss]
    returned: bool
    """False: it did not return in time, and was left to itself."""
    errors: list[str]


def _track(given: dict[str, Any]) -> RecordingTrack:
    return RecordingTrack(**{**given, "media": RoomMedia(given["media"])})


def _recording(text: str) -> MediaRecordingResult:
    given: dict[str, Any] = json.loads(text)
    result = MediaRecordingResult(**fields_of(MediaRecordingResult, given))
    result.tracks = []
    for track in given["tracks"]:
        fields = fields_of(RecordedTrack, track)
        for name in ("intervals", "gaps"):
            fields[name] = [(begin, end) for begin, end in track[name]]
        result.tracks.append(RecordedTrack(**{**fields, "media": RoomMedia(track["media"])}))
    return result


class MediaRecorder:
    """The base class of a program's own recorder of rooms, as one that uploads. A room makes all calls of one recording on
    one thread, one after the other; a call that blocks or raises concerns this recorder only: what it did not get is
    counted."""

    name = "python"
    """For messages."""
    stop_timeout_s = 10.0
    """How long Room.close() waits for this recorder, with what is queued for it."""

    def on_recording_start(self, room: str, config: ChannelRecordingConfig, started_ms: float) -> Any:
        """Begins a recording; what is returned is the `handle` of the other calls."""

    def on_recording_stop(self, handle: Any) -> MediaRecordingResult | None:
        """The last call of a recording. Returns what was made."""

    def on_track_added(self, handle: Any, track: RecordingTrack) -> None: ...

    def on_track_removed(self, handle: Any, track: RecordingTrack) -> None: ...

    def on_data(self, handle: Any, track: RecordingTrack, data: Any, timestamp_ms: float) -> None:
        """Media of a track. `data`: a numpy array of its own: of a BGR or RGB frame (height, width, 3), of a gray one
        (height, width), of other frames their bytes, of audio int16 (samples, channels). `timestamp_ms`: instant of
        capture of the frame or the first sample, milliseconds on CLOCK_MONOTONIC, which is time.monotonic()."""


class _Calls:
    """The calls of the extension module, for a MediaRecorder."""

    def __init__(self, recorder: MediaRecorder) -> None:
        self._recorder = recorder
        self._handles: dict[int, Any] = {}
        self._numbers = itertools.count(1)

    def start(self, room: str, audio: bool, video: bool, screen_share: bool, started_ms: float) -> int:
        number = next(self._numbers)
        config = ChannelRecordingConfig(audio, video, screen_share)
        self._handles[number] = self._recorder.on_recording_start(room, config, started_ms)
        return number

    def stop(self, number: int) -> tuple[str, int, float, str, list[str], list[str]]:
        made = self._recorder.on_recording_stop(self._handles.pop(number)) or MediaRecordingResult()
        return str(made.path), made.size_bytes, made.duration_s, made.codec, list(made.notes), list(made.failures)

    def track_added(self, number: int, track: dict[str, Any]) -> None:
        self._recorder.on_track_added(self._handles[number], _track(track))

    def track_removed(self, number: int, track: dict[str, Any]) -> None:
        self._recorder.on_track_removed(self._handles[number], _track(track))

    def data(
        self, number: int, track: dict[str, Any], data: bytes, stride: int, limited: bool, timestamp_ms: float
    ) -> None:
        named = _track(track)
        self._recorder.on_data(self._handles[number], named, _array(named, data, stride), timestamp_ms)


def _array(track: RecordingTrack, data: bytes, stride: int) -> Any:
    import numpy as np

    if track.media is RoomMedia.AUDIO:
        return np.frombuffer(bytearray(data), np.int16).reshape(-1, track.channels)
    colours = {"raw_bgr24": 3, "raw_rgb24": 3, "raw_gray8": 1}.get(track.format)
    if colours is None:
        return np.frombuffer(bytearray(data), np.uint8)
    rows = stride or track.width * colours
    shape, strides = (track.height, track.width, colours), (rows, colours, 1)
    image = np.ndarray(shape, np.uint8, buffer=bytearray(data), strides=strides)
    return image if colours == 3 else image[:, :, 0]


class FileMediaRecorder:
    """Records a room into one MP4 or Matroska file, through a take that survives a crash."""

    def __init__(
        self,
        *,
        storage: StrPath = "./recordings",
        video_codec: str = "auto",
        video_fps: float = 30.0,
        audio_codec: str = "aac",
        audio_sample_rate: int = 16000,
        audio_channels: int = 1,
        audio_bitrate: int = 64000,
        format: str | ContainerFormat = "mp4",
        layout: str | RoomLayout = "composite",
        width: int = 1280,
        height: int = 720,
        preset: str = "veryfast",
        crf: int = 23,
        bitrate: int = 0,
        keyframe_s: float = 2.0,
        start_when: str | RoomStart = "first_media",
        start_timeout_s: float = 5.0,
        on_full: str | OnFull = "drop",
        keep_take: bool = False,
        on_event: Callable[[Event], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> None:
        """`layout`: "composite", a grid with names and one mixed audio track, of `width` by `height` pixels; or "tracks",
        each track a stream of its own. `on_event`: every event of every recording; without it, warnings go to stderr.
        `on_progress`: about twice a second while a file is finished."""
        number = _callbacks.new_number()
        self._wanted = _callbacks.Callbacks()
        self._wanted["event"] = on_event or _print_warning
        if on_progress is not None:
            self._wanted["progress"] = on_progress
        self._native = _onetake.file_media_recorder(
            storage=os.fspath(storage),
            video_codec=video_codec,
            video_fps=video_fps,
            audio_codec=audio_codec,
            audio_sample_rate=audio_sample_rate,
            audio_channels=audio_channels,
            audio_bitrate=audio_bitrate,
            format=str(format),
            tracks=RoomLayout(layout) is RoomLayout.TRACKS,
            width=width,
            height=height,
            preset=preset,
            crf=crf,
            bitrate=bitrate,
            keyframe_s=keyframe_s,
            all_tracks=RoomStart(start_when) is RoomStart.ALL_TRACKS,
            start_timeout_s=start_timeout_s,
            block=OnFull(on_full) is OnFull.BLOCK,
            keep_take=keep_take,
            id=number,
            events=True,
            progress=on_progress is not None,
        )
        _callbacks.set_callbacks(number, self._wanted)


def _print_warning(event: Event) -> None:
    if event.kind != "note":
        print(f"onetake: {event.track + ': ' if event.track else ''}{event.text}", file=sys.stderr)


class WavFileRecorder:
    """Writes each stay of an audio track to a WAV of its own, with its own rate and channels."""

    def __init__(self, storage: StrPath = "./recordings") -> None:
        self._native = _onetake.wav_file_recorder(os.fspath(storage))


class VideoSessionRecorder:
    """Records each video session of a room with a VideoRecorder, a file each."""

    def __init__(self, recorder: VideoRecorder) -> None:
        self._native = _onetake.video_session_recorder(recorder._native)

    @property
    def results(self) -> list[VideoRecordingResult]:
        """Of all sessions that were recorded, in the order of their ends."""
        return [recording_result(text) for text in self._native.results()]


class MockMediaRecorder(MediaRecorder):
    """Keeps what it gets in memory, for tests of programs."""

    name = "mock"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.tracks: list[RecordingTrack] = []
        self.removed_tracks: list[RecordingTrack] = []
        self.chunks: list[tuple[RecordingTrack, Any, float]] = []
        """Track, data and timestamp_ms of all media, in order."""
        self.results: list[MediaRecordingResult] = []
        """Of the recordings that were stopped, with their sizes in bytes."""

    def on_recording_start(self, room: str, config: ChannelRecordingConfig, started_ms: float) -> MediaRecordingResult:
        return MediaRecordingResult()

    def on_recording_stop(self, handle: MediaRecordingResult) -> MediaRecordingResult:
        with self._lock:
            self.results.append(handle)
        return handle

    def on_track_added(self, handle: Any, track: RecordingTrack) -> None:
        with self._lock:
            self.tracks.append(track)

    def on_track_removed(self, handle: Any, track: RecordingTrack) -> None:
        with self._lock:
            self.removed_tracks.append(track)

    def on_data(self, handle: MediaRecordingResult, track: RecordingTrack, data: Any, timestamp_ms: float) -> None:
        with self._lock:
            handle.size_bytes += data.nbytes
            self.chunks.append((track, data, timestamp_ms))


class Room:
    """A room: participants' tracks, and the recorders that get them.

    Recording starts with the first track and ends with close(). Each recorder has a queue and a thread of its own, so that
    one that blocks, fails or is slow harms no other. All calls from any thread. A room is closed when the object is
    collected or the interpreter ends.

    >>> with onetake.Room("interview") as room:
    ...     room.bind(onetake.FileMediaRecorder(storage="recordings"))
    ...     camera = room.join("Alice", "video", fps=30)
    ...     room.push_video(camera, image, t=time.monotonic())
    ...     results = room.close()
    """

    def __init__(
        self,
        name: str = "",
        *,
        record: ChannelRecordingConfig | None = None,
        queue_size: int = 60,
        audio_queue_s: float = 30.0,
        on_full: str | OnFull = "drop",
    ) -> None:
        """`queue_size`: frames of a video track that may be queued for each recorder; `audio_queue_s`: seconds of an audio
        track likewise. `on_full`: "block" is for media that can wait, as files."""
        self._recorders: list[object] = []
        self._results: list[RoomRecorderResult] | None = None
        c = record or ChannelRecordingConfig()
        self._native = _onetake.Room(
            name, c.audio, c.video, c.screen_share, queue_size, audio_queue_s, OnFull(on_full) is OnFull.BLOCK
        )
        _callbacks.close_at_exit(self._native)

    def bind(
        self,
        recorder: FileMediaRecorder | WavFileRecorder | VideoSessionRecorder | MediaRecorder,
        config: ChannelRecordingConfig | None = None,
        name: str = "",
    ) -> None:
        """Adds a recorder; tracks that are there are announced to it. `config`: what it gets. `name`: for results and
        messages; empty: the recorder's."""
        if isinstance(recorder, MediaRecorder):
            native = _onetake.python_recorder(_Calls(recorder), recorder.name, recorder.stop_timeout_s)
        else:
            native = recorder._native
        c = config or ChannelRecordingConfig()
        self._native.bind(native, c.audio, c.video, c.screen_share, name)
        self._recorders.append(recorder)  # its callbacks live as long

    def join(
        self,
        participant: str,
        media: str | RoomMedia = "video",
        *,
        fps: float = 30.0,
        sample_rate: int = 48000,
        channels: int = 1,
        record: bool = True,
    ) -> RecordingTrack:
        """A participant brings in a track: "audio", "video" or "screen_share". `record` False: the participant opts out; no
        recorder gets it."""
        return _track(
            self._native.join(participant, str(RoomMedia(media)), fps, sample_rate, channels, record)
        )

    def leave(self, who: RecordingTrack | str) -> None:
        """Removes a track, or all tracks of a participant."""
        if isinstance(who, str):
            self._native.leave_participant(who)
        else:
            self._native.leave(who.number)

    def push_video(
        self,
        track: RecordingTrack,
        frame: Any,
        t: float | None = None,
        *,
        copy: bool = True,
        format: str = "bgr",
        range: str | PixelRange = "full",
    ) -> None:
        """Passes a frame to the recorders: as AVRecorder.push_video() takes it. `t`: instant of capture, seconds on
        CLOCK_MONOTONIC; None: now."""
        self._native.push_video(track.number, frame, t, copy, format, PixelRange(range) is PixelRange.LIMITED)

    def push_audio(self, track: RecordingTrack, samples: Any, t: float | None = None) -> None:
        """Passes samples on, int16 or float, of the shape (n,) or (n, channels). `t`: instant of the first, seconds on
        CLOCK_MONOTONIC; None: the last is captured now."""
        import numpy as np

        array = np.asarray(samples)
        if array.dtype.kind == "f":
            array = np.rint(np.clip(array, -1.0, 1.0) * 32767.0).astype(np.int16)
        self._native.push_audio(track.number, np.ascontiguousarray(array), t)

    def close(self) -> list[RoomRecorderResult]:
        """Removes all tracks and stops all recorders. A second call returns the same."""
        if self._results is None:
            self._results = [
                RoomRecorderResult(
                    name, _recording(text), [RoomLoss(p, RoomMedia(m), d, f) for p, m, d, f in losses], returned, errors
                )
                for name, text, losses, returned, errors in self._native.close()
            ]
            _callbacks.wait_for_callbacks()
        return self._results

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
