"""Recordings in chunks, of streams that the program pushes or of devices."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _callbacks, _onetake
from ._config import AudioTrackConfig, Settings, StrPath, VideoTrackConfig, config_arguments
from ._convert import fields_of
from ._enums import StampClock
from ._streams import AudioStreamConfig, DataStreamConfig, VideoStreamConfig, data_stream, named_values, video_stream
from ._values import Event, Progress

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


@dataclasses.dataclass(frozen=True)
class ChunkedStream:
    """What became of a stream: pushed = written + dropped + refused + lost. Frames, packets, or samples per channel."""

    name: str
    kind: str
    """"video", "audio", "data"."""
    codec: str
    """The encoder: "libx264", "flac"; "ass" of data."""
    pushed: int = 0
    written: int = 0
    dropped: int = 0
    """The queue was full."""
    refused: int = 0
    """Stamps not later than the one before, before the origin, or of a finished chunk."""
    lost: int = 0
    """In an encoder that failed, on a full disk, or too late for its chunk."""


@dataclasses.dataclass(frozen=True)
class WrittenChunk:
    """A finished chunk."""

    id: str
    start_s: float
    """Its time 0, from the recording's origin."""
    duration_s: float
    """Of its media."""
    bytes: int


@dataclasses.dataclass
class ChunkedResult:
    """A recording in chunks."""

    directory: Path
    """Of the chunks: each is `<id>.mkv`."""
    recording: str
    """Unique among all recordings; in every chunk's tags."""
    duration_s: float
    """Of the media, from the origin."""
    chunks: list[WrittenChunk]
    """In order."""
    streams: list[ChunkedStream]
    take: Path | None = None
    """Folder of what is not in chunks; None: all is."""
    notes: list[str] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)
    """What was asked for and not done, and why."""

    @property
    def lossy(self) -> bool:
        """Whether anything that was pushed is missing, apart from what was refused."""
        return any(stream.dropped + stream.lost > 0 for stream in self.streams)

    def asdict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def _result(text: str) -> ChunkedResult:
    given: dict[str, Any] = json.loads(text)
    fields = fields_of(ChunkedResult, given)
    return ChunkedResult(**{
        **fields,
        "directory": Path(given["directory"]),
        "chunks": [WrittenChunk(**chunk) for chunk in given["chunks"]],
        "streams": [ChunkedStream(**stream) for stream in given["streams"]],
        "take": Path(given["take"]) if given["take"] else None,
    })  # fmt: skip


class EncoderQueue:
    """The queue in front of a stream's encoder. All calls from any thread, while its writer records."""

    def __init__(self, native: _onetake.EncoderQueue) -> None:
        self._native = native

    def put(self, frame: Any, timestamp_s: float, *, copy: bool = True) -> None:
        """As ChunkedWriter.push()."""
        self._native.put(frame, timestamp_s, copy)

    @property
    def size(self) -> int:
        """Frames, blocks or packets that are queued, or being encoded and stored."""
        return self._native.size()

    @property
    def capacity(self) -> int:
        """Most of them: what comes then is dropped."""
        return self._native.capacity()

    @property
    def stream(self) -> str:
        return self._native.stream()


class ChunkedWriter:
    """Records several streams of video, audio and data in chunks: Matroska files of a fixed length (docs/chunks.md).

    All streams share one timeline, which begins with the first that is pushed. Chunks are finished in the background;
    no encoder is opened anew for a chunk, and no stream waits for another one. What was pushed survives a kill:
    recover_recordings() of the chunks' folder makes those that are missing.

    push(), mark() and the queues from any thread; the other calls wait for each other. A running recording is stopped
    when the object is collected, at the end of `with`, or when the interpreter ends.

    >>> streams = {"front": onetake.VideoStreamConfig(1280, 720, 30, input_pixel_format="bgr24")}
    >>> with onetake.ChunkedWriter("rig", "recordings", streams, {"imu": onetake.DataStreamConfig()}) as writer:
    ...     writer.start()
    ...     writer.push("front", image, time.monotonic())
    ...     result = writer.stop()
    """

    def __init__(
        self,
        name: str,
        output_directory: StrPath,
        stream_configs: Mapping[str, VideoStreamConfig | AudioStreamConfig],
        sensor_stream_configs: Mapping[str, DataStreamConfig] | None = None,
        start_chunk_callback: Callable[[str, float, str], str | os.PathLike[str] | None] | None = None,
        chunk_length_s: float = 60.0,
        max_encoder_queue_size: int = 200,
        on_error: Callable[[str], object] | None = None,
        *,
        clock: str | StampClock = "monotonic",
        stall_timeout_s: float = 10.0,
        on_event: Callable[[Event], object] | None = None,
    ) -> None:
        """`name`: of the recording: its chunks are in `output_directory`/`name`. The streams by name, in the order in
        which they are in the files.

        `start_chunk_callback(name, started_at, file_extension)` is called when a chunk begins, with its time 0 in
        seconds since 1970 UTC, and returns its id, the file's name without the extension. None, what can't be used, an
        exception, or no answer for 5 s: the chunk's number, five digits. `max_encoder_queue_size`: frames per video
        stream that may be queued for its encoder. `on_error`: called once with the name of a stream whose encoder
        failed. `clock`: what stamps are: "monotonic", seconds on CLOCK_MONOTONIC, or "realtime", since 1970 UTC, mapped
        once by start(). `stall_timeout_s`: a stream that delivers nothing for so long is not waited for. `on_event`:
        every event as it happens; without it, warnings go to stderr."""
        config = _onetake.ChunkedWriterConfig(
            name=name,
            output_directory=os.fspath(output_directory),
            chunk_length_s=chunk_length_s,
            max_encoder_queue_size=max_encoder_queue_size,
            clock=str(StampClock(clock)),
            stall_timeout_s=stall_timeout_s,
        )
        for stream, given in stream_configs.items():
            if isinstance(given, VideoStreamConfig):
                config.add_video(stream, video_stream(given))
            else:
                config.add_audio(
                    stream,
                    sample_rate=given.sample_rate,
                    channels=given.channels,
                    codec=given.codec,
                    bitrate=given.bitrate,
                    metadata=named_values(given.metadata),
                )
        for stream, sensor in (sensor_stream_configs or {}).items():
            config.add_data(stream, data_stream(sensor))
        number = _callbacks.new_number()
        # Before the callbacks: what a collected writer's end asks for is answered.
        self._native = _onetake.ChunkedWriter(
            config, number, on_event is not None, on_error is not None, start_chunk_callback is not None
        )
        self._wanted = _callbacks.Callbacks()
        for kind, callback in (
            ("event", on_event), ("encoder_error", on_error), ("chunk_start", start_chunk_callback),
        ):  # fmt: skip
            if callback is not None:
                self._wanted[kind] = callback
        self._number = number
        self.last_result: ChunkedResult | None = None
        """Of stop(), also if the end of `with` called it."""
        _callbacks.set_callbacks(number, self._wanted)
        _callbacks.close_at_exit(self._native)

    def start(self) -> None:
        """Opens the encoders and makes the folder. Once. Raises AlreadyExistsError if there are chunks in it."""
        self._native.start()

    def push(self, stream: str, frame: Any, timestamp_s: float, *, copy: bool = True) -> None:
        """Pushes a frame of a video stream, samples of an audio stream, or a packet of a data stream.

        A frame: an array of the stream's `input_pixel_format`, with any strides: uint8 (height, width, 3) of rgb24 and
        bgr24, uint8 (height, width) of gray, uint16 of gray16le, (height, width, 2) of yuyv422, (rows of all planes,
        width) of nv12 and the planar formats; or the frame's bytes. Samples: int16, or float in [-1, 1], of the shape
        (n,) or (n, channels). A packet: bytes or another contiguous buffer of 1 byte to 16 MiB.

        `timestamp_s`: instant of capture, of audio that of the first sample, on the writer's clock. `copy=False`: the
        frame's array is read later and kept until then, so its content must not change; it is released during a later
        call.

        Never blocks: what comes while the queue is full is dropped, and counted. Raises RefusedError for a stamp that
        is not later than the stream's last, before the recording's origin, or of a finished chunk; counted, too."""
        self._native.push(stream, frame, timestamp_s, copy)

    def get_encoder_queue(self, stream: str) -> EncoderQueue:
        """The queue of a stream, after start()."""
        return EncoderQueue(self._native.get_encoder_queue(stream))

    def is_data_stream(self, stream: str) -> bool:
        """Whether the stream is one of `sensor_stream_configs`."""
        return self._native.is_data_stream(stream)

    def mark(self, text: str, timestamp_s: float) -> None:
        """Sets a marker: a chapter of the chunk it falls into, and a cue in a WebVTT file beside it. `timestamp_s`: on
        the writer's clock."""
        self._native.mark(text, timestamp_s)

    def stop(self, on_progress: Callable[[Progress], object] | None = None) -> ChunkedResult:
        """Ends the recording and finishes all chunks. What could not be done is in the result's `failures`."""
        if on_progress is not None:
            self._wanted["progress"] = on_progress
            _callbacks.set_callbacks(self._number, self._wanted)
        self.last_result = _result(self._native.stop(on_progress is not None))
        _callbacks.wait_for_callbacks()
        return self.last_result

    def is_recording(self) -> bool:
        return self._native.is_recording()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops a recording that runs."""
        if self.is_recording():
            self.stop()


def record_chunks(
    directory: StrPath,
    duration: float = math.inf,
    *,
    chunk_length_s: float = 60.0,
    audio_codec: str = "flac",
    stop: threading.Event | None = None,
    video_tracks: Sequence[VideoTrackConfig] | None = None,
    audio_tracks: Sequence[AudioTrackConfig] | None = None,
    on_event: Callable[[Event], object] | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    **settings: Unpack[Settings],
) -> ChunkedResult:
    """Records cameras and microphones in chunks, into `directory`, for `duration` seconds, until `stop` is set, or until
    the disk is full. Settings are those of AVRecorder: sources, and how video is compressed (`store_codec` …). Ctrl-C
    ends the recording and finishes the chunks; then KeyboardInterrupt is raised."""
    number = _callbacks.new_number()
    wanted = _callbacks.Callbacks()
    if on_event is not None:
        wanted["event"] = on_event
    if on_progress is not None:
        wanted["progress"] = on_progress
    _callbacks.set_callbacks(number, wanted)
    flat, video, audio = config_arguments(settings, video_tracks, audio_tracks)
    text = _onetake.record_chunks(
        directory=os.fspath(directory), duration_s=duration, chunk_length_s=chunk_length_s, audio_codec=audio_codec,
        flat=flat, video=video, audio=audio, stop=stop, id=number, progress=on_progress is not None,
        events=on_event is not None,
    )  # fmt: skip
    _callbacks.wait_for_callbacks()
    return _result(text)
