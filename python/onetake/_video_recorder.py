"""Single video streams, an encoded file each."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from . import _callbacks, _onetake
from ._config import Settings, StrPath
from ._convert import fields_of
from ._enums import ContainerFormat, OnFull, PixelRange
from ._errors import NotFoundError, WrongStateError

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


@dataclasses.dataclass(frozen=True)
class VideoRecordingHandle:
    """Names a recording that was started."""

    session_id: str = ""
    number: int = 0
    """Unique among the recordings of a recorder, from 1."""


@dataclasses.dataclass
class VideoRecordingResult:
    """What became of a recording: tapped = frames + dropped + skipped + surplus + refused + lost."""

    session_id: str = ""
    path: Path | None = None
    """Of the file; None: there is none."""
    take: Path | None = None
    """Folder of the take, where it was kept."""
    bytes: int = 0
    duration_s: float = 0.0
    """Of the media."""
    codec: str = ""
    """The encoder that was used: "libx264"."""
    width: int = 0
    height: int = 0
    tapped: int = 0
    """Frames received, of any kind."""
    frames: int = 0
    """In the file."""
    dropped: int = 0
    """The queue was full."""
    skipped: int = 0
    """Compressed frames."""
    surplus: int = 0
    """AVI: another frame has the same place at the constant rate."""
    refused: int = 0
    """With a stamp that does not increase, or damaged."""
    lost: int = 0
    """In an encoder that failed, or on a full disk."""
    loss_bound_s: float = float("nan")
    """Most that a kill loses, at the nominal rate."""
    notes: list[str] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)
    """What was asked for and not done, and why."""


@dataclasses.dataclass
class RecoveredRecording:
    """A recording whose program was killed, and what became of it."""

    take: Path
    path: Path | None
    """Of the file that was made; None: there is none."""
    steps: list[str]
    failures: list[str]
    """What could not be done; the take is then kept."""


def recording_result(text: str) -> VideoRecordingResult:
    given: dict[str, Any] = json.loads(text)
    result = VideoRecordingResult(**fields_of(VideoRecordingResult, given))
    result.path = Path(given["path"]) if given["path"] else None
    result.take = Path(given["take"]) if given["take"] else None
    return result


class VideoRecorder:
    """Records single video streams, a file for each session, several at a time: MP4, Matroska or AVI.

    Frames are encoded at once into a take in `storage`, which survives a crash, and copied from there to the file while
    they come. All calls from any thread. Running recordings are finished when the object is collected or the
    interpreter ends.

    >>> with onetake.VideoRecorder(storage="recordings", fps=25) as recorder:
    ...     handle = recorder.start("interview-7")
    ...     recorder.tap_frame(handle, image, t=time.monotonic())
    ...     result = recorder.stop(handle)
    """

    def __init__(
        self,
        *,
        storage: StrPath = "./recordings",
        format: str | ContainerFormat = "mp4",
        codec: str = "auto",
        fps: float = 15.0,
        preset: str = "veryfast",
        crf: int = 23,
        bitrate: int = 0,
        keyframe_s: float = 2.0,
        pixel_range: str | PixelRange = "full",
        queue_size: int = 64,
        on_full: str | OnFull = "drop",
        keep_take: bool = False,
    ) -> None:
        """`codec`: "auto" is h264_nvenc where it opens, else libx264. `bitrate`: bits/s; 0: constant quality, `crf`."""
        self._native = _onetake.SessionRecorder(
            storage=os.fspath(storage),
            format=str(format),
            codec=codec,
            fps=fps,
            preset=preset,
            crf=crf,
            bitrate=bitrate,
            keyframe_s=keyframe_s,
            limited=PixelRange(pixel_range) is PixelRange.LIMITED,
            queue_size=queue_size,
            block=OnFull(on_full) is OnFull.BLOCK,
            keep_take=keep_take,
        )
        _callbacks.close_at_exit(self._native)

    def start(self, session_id: str) -> VideoRecordingHandle:
        """Begins a recording. The encoder is opened once, to prove that it works here."""
        return VideoRecordingHandle(session_id, self._native.start(session_id))

    def tap_frame(
        self,
        handle: VideoRecordingHandle,
        frame: Any,
        t: float | None = None,
        *,
        copy: bool = True,
        format: str = "bgr",
        range: str | PixelRange = "full",
    ) -> None:
        """Gives a frame to a recording: as AVRecorder.push_video() takes it, or compressed, with `format` "h264",
        "h265", "vp8", "vp9" or "av1": those are skipped, and counted. `t`: instant of capture, seconds on
        CLOCK_MONOTONIC; None: 1/fps after the frame before. `range`: of YUV and gray frames."""
        self._native.tap_frame(handle.number, frame, t, copy, format, PixelRange(range) is PixelRange.LIMITED)

    def stop(self, handle: VideoRecordingHandle) -> VideoRecordingResult:
        """Ends a recording and finishes its file. The result of an unknown handle is empty."""
        return recording_result(self._native.stop(handle.number))

    def record(self, session_id: str, duration: float, **source: Unpack[Settings]) -> VideoRecordingResult:
        """Records a camera (`video_device=0`, `width`, `height` …) or the test source (`source="test"`) for `duration`
        seconds. Ctrl-C ends it; the file is finished all the same."""
        return recording_result(self._native.record(session_id, dict(source), duration))

    def close(self) -> list[VideoRecordingResult]:
        """Finishes every recording. None can be started afterwards."""
        return [recording_result(text) for text in self._native.close()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SessionRecorder(Protocol):
    """What records the frames of sessions: VideoRecorder, MockVideoRecorder, or a program's own."""

    def start(self, session_id: str) -> VideoRecordingHandle: ...
    def tap_frame(self, handle: VideoRecordingHandle, frame: Any, t: float | None = None) -> None: ...
    def stop(self, handle: VideoRecordingHandle) -> VideoRecordingResult: ...


class MockVideoRecorder:
    """Keeps the frames in memory, for tests of programs that record. All calls from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, VideoRecordingResult] = {}
        self._last = 0
        self.frames: list[tuple[VideoRecordingHandle, Any, float | None]] = []
        """Handle, frame and stamp of every frame, in order."""
        self.results: list[VideoRecordingResult] = []
        """Of all recordings that were stopped, in order."""

    def start(self, session_id: str) -> VideoRecordingHandle:
        with self._lock:
            self._last += 1
            self._running[self._last] = VideoRecordingResult(session_id)
            return VideoRecordingHandle(session_id, self._last)

    def tap_frame(self, handle: VideoRecordingHandle, frame: Any, t: float | None = None) -> None:
        with self._lock:
            if handle.number not in self._running:
                raise NotFoundError("There is no such recording.")
            result = self._running[handle.number]
            result.tapped += 1
            result.frames += 1
            self.frames.append((handle, frame.copy() if hasattr(frame, "copy") else frame, t))

    def stop(self, handle: VideoRecordingHandle) -> VideoRecordingResult:
        with self._lock:
            result = self._running.pop(handle.number, None)
            if result is None:
                return VideoRecordingResult()
            self.results.append(result)
            return result


class VideoChannel:
    """The video of one session at a time: bind() starts its recorders, unbind() stops them."""

    def __init__(self, *recorders: SessionRecorder) -> None:
        self._lock = threading.Lock()
        self._recorders = list(recorders)
        self._bound: list[tuple[SessionRecorder, VideoRecordingHandle]] | None = None

    def add_recorder(self, recorder: SessionRecorder) -> None:
        """It records from the next bind() on."""
        with self._lock:
            self._recorders.append(recorder)

    @property
    def is_bound(self) -> bool:
        return self._bound is not None

    def bind(self, session_id: str) -> None:
        """Starts every recorder, or none."""
        with self._lock:
            if self._bound is not None:
                raise WrongStateError("bind() while a session is bound. Call unbind() first.")
            bound: list[tuple[SessionRecorder, VideoRecordingHandle]] = []
            try:
                for recorder in self._recorders:
                    bound.append((recorder, recorder.start(session_id)))
            except BaseException:
                for recorder, handle in bound:
                    recorder.stop(handle)
                raise
            self._bound = bound

    def push(self, frame: Any, t: float | None = None) -> None:
        """Gives a frame to every recorder; while no session is bound, to none."""
        first: BaseException | None = None
        for recorder, handle in self._bound or []:
            try:
                recorder.tap_frame(handle, frame, t)
            except Exception as error:  # the others get the frame all the same
                first = first or error
        if first is not None:
            raise first

    def unbind(self) -> list[VideoRecordingResult]:
        """Stops the recorders; their results in order."""
        with self._lock:
            bound, self._bound = self._bound or [], None
        return [recorder.stop(handle) for recorder, handle in bound]


def recover_recordings(storage: StrPath) -> list[RecoveredRecording]:
    """Makes the files of the recordings in a storage folder that a killed program left there."""
    return [
        RecoveredRecording(Path(take), Path(path) if path else None, list(steps), list(failures))
        for take, path, steps, failures in _onetake.recover_recordings(os.fspath(storage))
    ]
