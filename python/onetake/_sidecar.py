"""Audio for a video that another program records."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from . import _callbacks, _onetake
from ._config import AudioTrackConfig, StrPath, audio_track
from ._convert import mux_result, take_result
from ._metrics import TakeResult
from ._values import MuxResult, SidecarStart

if TYPE_CHECKING:
    from typing_extensions import Self


def _options(
    delta: float | None, video_start: float | None, audio_start: float | None, video_timestamps: StrPath | None,
    out_path: StrPath | None, overwrite_in_place: bool, replace_out: bool, shortest: bool, delete_audio: bool,
    audio_bitrate: int,
) -> _onetake.MuxOptions:  # fmt: skip
    return _onetake.MuxOptions(
        delta=delta,
        video_start=video_start,
        audio_start=audio_start,
        video_timestamps=os.fspath(video_timestamps or ""),
        overwrite_in_place=overwrite_in_place and out_path is None,
        out_path=os.fspath(out_path or ""),
        replace_out=replace_out,
        shortest=shortest,
        delete_audio=delete_audio,
        audio_bitrate=audio_bitrate,
    )


def mux_audio(
    video: StrPath,
    audio: StrPath,
    *,
    delta: float | None = None,
    video_start: float | None = None,
    audio_start: float | None = None,
    video_timestamps: StrPath | None = None,
    overwrite_in_place: bool = True,
    out_path: StrPath | None = None,
    replace_out: bool = False,
    shortest: bool = False,
    delete_audio: bool = False,
    audio_bitrate: int = 192000,
) -> MuxResult:
    """Adds audio (a take's folder, its WAV, or another 16-bit WAV) to another program's MP4, MOV, Matroska or AVI; the
    video's packets are copied. The audio begins delta = audio_start - video_start seconds after the first frame. With
    `out_path` the result goes there; else it replaces the video. The result is complete, or nothing is changed."""
    options = _options(delta, video_start, audio_start, video_timestamps, out_path, overwrite_in_place, replace_out,
                       shortest, delete_audio, audio_bitrate)  # fmt: skip
    return mux_result(_onetake.mux_audio(os.fspath(video), os.fspath(audio), options))


def ffmpeg_command(
    video: StrPath,
    audio: StrPath,
    *,
    delta: float | None = None,
    video_start: float | None = None,
    audio_start: float | None = None,
    out_path: StrPath | None = None,
    shortest: bool = False,
    audio_bitrate: int = 192000,
) -> str:
    """The ffmpeg command with the result of mux_audio(), without the correction for drift."""
    options = _options(delta, video_start, audio_start, None, out_path, True, False, shortest, False, audio_bitrate)
    return _onetake.ffmpeg_command(os.fspath(video), os.fspath(audio), options)


class SidecarAudio:
    """Records a microphone while another program records its own video, and adds the audio to that file afterwards.

    Each recording is a take with audio only in the data folder, so it survives a crash. Times are seconds on
    CLOCK_MONOTONIC. A running recording is closed when the object is collected or the interpreter ends."""

    def __init__(
        self,
        feed: str = "sidecar",
        microphone: AudioTrackConfig | None = None,
        *,
        data_dir: StrPath = "av_data",
        fsync: bool = False,
    ) -> None:
        """`feed` begins the names of takes and WAVs."""
        self._native = _onetake.Sidecar(
            feed, audio_track(microphone or AudioTrackConfig()), os.fspath(data_dir), fsync
        )
        _callbacks.close_at_exit(self._native)

    def start(self) -> SidecarStart:
        """Returns when the first sample has been captured and stored. Raises TimedOutError without one for 2 s."""
        start, unix, take, wav = self._native.start()
        return SidecarStart(start, unix, Path(take), Path(wav))

    def stop(self) -> TakeResult:
        """Ends the recording and closes the take."""
        return take_result(self._native.stop())

    def is_recording(self) -> bool:
        return self._native.is_recording()

    def ended_early(self) -> bool:
        """Whether recording has ended by itself, because the disk is full. Call stop() then."""
        return self._native.ended_early()

    def mux(
        self, video: StrPath, video_start: float, *, overwrite_in_place: bool = True, out_path: StrPath | None = None,
        replace_out: bool = False, shortest: bool = False, delete_audio: bool = True, audio_bitrate: int = 192000,
        video_timestamps: StrPath | None = None,
    ) -> MuxResult:  # fmt: skip
        """Adds the recorded audio to `video`, whose first frame was captured at `video_start` (CLOCK_MONOTONIC): by
        default in place, deleting the take afterwards."""
        options = _options(None, None, None, video_timestamps, out_path, overwrite_in_place, replace_out, shortest,
                           delete_audio, audio_bitrate)  # fmt: skip
        return mux_result(self._native.mux(os.fspath(video), video_start, options))

    def mux_command(self) -> str:
        """The `onetake mux` command for the last recording; empty without one."""
        return self._native.mux_command()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._native.shut_down()
