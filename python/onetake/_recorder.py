"""The take recorder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _callbacks, _onetake
from ._config import AudioTrackConfig, DataTrackConfig, Settings, StrPath, VideoTrackConfig, config_arguments
from ._convert import take_result
from ._metrics import TakeResult
from ._values import EnhancedAudio, Event, Progress

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


class AVRecorder:
    """Records a camera and a microphone (or pushed media, or a test source) into takes, and renders MP4s from them.

    Settings are keyword arguments, listed with their ranges by `onetake.settings()`; `video_tracks` and `audio_tracks`
    replace the settings of the tracks where each needs its own. Nothing is opened before start() or record().

    All times are seconds on CLOCK_MONOTONIC, which is `time.monotonic()`.

    Every call may come from any thread, and all that block release the interpreter's lock. Callbacks come one at a
    time on one thread of the process; what they raise goes to `sys.unraisablehook`. A take that is running when the
    recorder is collected or the interpreter ends is closed, without rendering. After a fork the recorder works in the
    parent only.

    >>> rec = onetake.AVRecorder(source="test", width=640, height=360)
    >>> result = rec.record(2, "hello")
    >>> result.mp4_path
    PosixPath('processed_av/hello.mp4')
    """

    def __init__(
        self,
        *,
        video_tracks: Sequence[VideoTrackConfig] | None = None,
        audio_tracks: Sequence[AudioTrackConfig] | None = None,
        data_tracks: Sequence[DataTrackConfig] | None = None,
        on_event: Callable[[Event], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        on_enhanced_audio: Callable[[EnhancedAudio], object] | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        """`on_event`: every event as it happens; without it, warnings go to stderr. `on_progress`: about twice a
        second. `on_enhanced_audio`: the enhanced audio of the first microphone, shortly after its capture."""
        number = _callbacks.new_number()
        self._number = number
        labels = [track.label for track in data_tracks or ()]
        self._native = _onetake.Recorder(*config_arguments(settings, video_tracks, audio_tracks), labels, number)
        self._wanted = _callbacks.Callbacks()
        self.last_result: TakeResult | None = None
        """Of the last call of record(), stop() or process(), also if Ctrl-C ended it."""
        _callbacks.close_at_exit(self._native)
        for kind, callback in (("event", on_event), ("progress", on_progress), ("enhanced_audio", on_enhanced_audio)):
            if callback is not None:
                self._wanted[kind] = callback
        if self._wanted:
            self._watch()

    def _watch(self) -> None:
        self._native.watch(*(kind in self._wanted for kind in ("event", "progress", "enhanced_audio")))
        _callbacks.set_callbacks(self._number, self._wanted)

    def _set(self, kind: str, callback: Callable[[Any], object] | None) -> None:
        before = self._wanted
        self._wanted = _callbacks.Callbacks(before)
        if callback is None:
            self._wanted.pop(kind, None)
        else:
            self._wanted[kind] = callback
        try:
            self._watch()
        except BaseException:
            self._wanted = before
            raise

    @property
    def on_event(self) -> Callable[[Event], object] | None:
        """Called with every event as it happens, in order. Set while not recording."""
        return self._wanted.get("event")

    @on_event.setter
    def on_event(self, callback: Callable[[Event], object] | None) -> None:
        self._set("event", callback)

    @property
    def on_progress(self) -> Callable[[Progress], object] | None:
        """Called about twice a second while recording and rendering. Set while not recording."""
        return self._wanted.get("progress")

    @on_progress.setter
    def on_progress(self, callback: Callable[[Progress], object] | None) -> None:
        self._set("progress", callback)

    @property
    def on_enhanced_audio(self) -> Callable[[EnhancedAudio], object] | None:
        """Called with every block of enhanced audio while recording. Set while not recording."""
        return self._wanted.get("enhanced_audio")

    @on_enhanced_audio.setter
    def on_enhanced_audio(self, callback: Callable[[EnhancedAudio], object] | None) -> None:
        self._set("enhanced_audio", callback)

    def _result(self, call: Callable[[], str]) -> TakeResult:
        try:
            result = take_result(call())
        except BaseException:
            if text := self._native.interrupted_result():
                self.last_result = take_result(text)
            raise
        self.last_result = result
        _callbacks.wait_for_callbacks()
        return result

    def record(
        self, duration: float, name: str | None = None, make_mp4: bool = True, enhance: bool = True
    ) -> TakeResult:
        """start(), wait for `duration` seconds, stop(). request_stop() ends the wait early. Ctrl-C closes the take and
        renders it; then KeyboardInterrupt is raised, and `last_result` has the take; a second Ctrl-C cancels rendering."""
        return self._result(lambda: self._native.record(duration, name or "", make_mp4, enhance))

    def start(self, name: str | None = None, make_mp4: bool = True, enhance: bool = True) -> None:
        """Opens the devices and begins a take. `name`: without one, a local-time stamp; "{n}" in it counts.
        `make_mp4`, `enhance`: whether stop() will be asked for these, which are then made while recording."""
        self._native.start(name or "", make_mp4, enhance)

    def stop(self, make_mp4: bool = True, enhance: bool = True) -> TakeResult:
        """Ends the take and closes it, then renders if requested. What fails after the take is in the result's
        `failures`; the take is kept."""
        return self._result(lambda: self._native.stop(make_mp4, enhance))

    def process(
        self, name: str | os.PathLike[str], make_mp4: bool = True, enhance: bool | None = None, force: bool = False
    ) -> TakeResult:
        """Renders a stored take; opens no device. `enhance=None`: if a model is set. `force` replaces an output file of
        another take, or a better one of this take."""
        return self._result(lambda: self._native.process(os.fspath(name), make_mp4, enhance, force))

    def close(self) -> None:
        """Closes a running take without rendering, for good: nothing can be recorded afterwards. Idempotent."""
        self._native.close()

    def is_recording(self) -> bool:
        return self._native.is_recording()

    def request_stop(self) -> None:
        """Ends the running record() as at the end of its duration; without one, the next. For signal handlers and
        other threads."""
        self._native.request_stop()

    def cancel(self) -> None:
        """Cancels the enhancement and rendering of the present take, or of process(): they leave no file, the take is
        kept."""
        self._native.cancel()

    def push_video(
        self, frame: Any, t: float | None = None, *, track: int = 0, copy: bool = True, format: str = "bgr"
    ) -> None:
        """Pushes a frame, with source "external".

        `frame`: uint8 array of the shape (height, width, 3) in BGR order, with any strides; or the bytes of a JPEG
        (bytes, memoryview, 1-D uint8 array), stored unchanged. `format`: "rgb", or, with 2-D arrays, "gray", "nv12",
        "i420". `t`: instant of capture, seconds on CLOCK_MONOTONIC; None: now. `copy=False`: the array is read later
        and kept until then, so its content must not change; it is released during a later call of the recorder.

        Blocks while the queue is full if `on_full` is "block"; else a frame may be dropped, and is counted. Raises
        RefusedError, and loses nothing, for another size than the first frame's or a `t` that is not later."""
        self._native.push_video(frame, t, track, copy, format)

    def push_audio(self, samples: Any, t: float | None = None, *, track: int = 0) -> None:
        """Pushes audio, with source "external": int16, or float in [-1, 1], of the shape (n,) or (n, channels); 1-D
        samples of several channels are interleaved. `t`: instant of the first sample, seconds on CLOCK_MONOTONIC."""
        self._native.push_audio(samples, t, track)

    def push_data(self, packet: Any, t: float | None = None, *, track: int = 0) -> None:
        """Pushes a packet of a data track: bytes or another contiguous buffer of 1 byte to 16 MiB, stored unchanged.
        `t`: its instant, seconds on CLOCK_MONOTONIC; None: now. Never blocks: beyond 4096 that wait, it is dropped and
        counted."""
        self._native.push_data(packet, t, track)

    def mark(self, text: str, t: float | None = None) -> None:
        """Sets a marker at `t` (seconds on CLOCK_MONOTONIC), else now. Markers become chapters of the output file."""
        self._native.mark(text, t)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the recorder: a running take is closed without rendering."""
        self.close()


def process(
    take: StrPath, make_mp4: bool = True, enhance: bool | None = None, force: bool = False,
    **settings: Unpack[Settings],
) -> TakeResult:  # fmt: skip
    """Renders a stored take, by its folder: AVRecorder.process() with the folder's parent as `data_dir`."""
    folder = Path(take)
    given: Settings = {"data_dir": folder.parent, **settings}
    return AVRecorder(**given).process(folder.name, make_mp4, enhance, force)
