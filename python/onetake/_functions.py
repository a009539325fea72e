"""The functions about takes, files, devices and models."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _convert, _metrics, _onetake, _values
from ._config import AudioTrackConfig, Settings, StrPath, VideoTrackConfig, config_arguments

if TYPE_CHECKING:
    from typing_extensions import Unpack


def list_takes(
    data_dir: StrPath = "av_data", processed_dir: StrPath = "processed_av", container: str | None = None
) -> list[_values.TakeSummary]:
    """The takes in `data_dir`, by name. A folder that does not exist holds none. `container`: only files of this format
    ("mp4", "mkv") count as renderings; None: of any."""
    found = _onetake.list_takes(os.fspath(data_dir), os.fspath(processed_dir), container)
    return [_convert.take_summary(take) for take in found]


def import_take(
    name: str,
    *,
    frames_dir: StrPath,
    frame_times_path: StrPath,
    audio_path: StrPath | None = None,
    audio_times_path: StrPath | None = None,
    audio_stamps: str = "automatic",
    data_dir: StrPath = "av_data",
) -> _metrics.TakeResult:
    """Makes a take from another program's JPEGs (in name order), their times (a decimal second per line), a 16-bit WAV
    and its clock (lines `sample_index seconds`). All seconds are of one clock with any origin. `audio_stamps`:
    "automatic", "capture" or "arrival"."""
    return _convert.take_result(
        _onetake.import_take(
            name, os.fspath(frames_dir), os.fspath(frame_times_path), os.fspath(audio_path or ""),
            os.fspath(audio_times_path or ""), audio_stamps, os.fspath(data_dir),
        )
    )  # fmt: skip


def check(take: StrPath, processed_dir: StrPath | None = None, decode_all: bool = False) -> _values.CheckReport:
    """Verifies a take, by its folder, against its journal; reads every frame, changes nothing. With `processed_dir`,
    also the output file there: its audio is decoded, and of the video the keyframes, or with `decode_all` all of it."""
    folder = Path(take)
    return _convert.check_report(
        _onetake.check_take(os.fspath(folder.parent), folder.name, os.fspath(processed_dir or ""), decode_all)
    )


def recover(take: StrPath, processed_dir: StrPath | None = None) -> _values.CheckReport:
    """Recovers a broken take, by its folder: closes its journal, updates WAV headers and manifest, and records what is
    missing as lost. Never changes intact media; a second call changes nothing. With `processed_dir`, incomplete files of
    killed renderings there are removed."""
    folder = Path(take)
    return _convert.check_report(
        _onetake.recover_take(os.fspath(folder.parent), folder.name, os.fspath(processed_dir or ""))
    )


def merge_stream_files(
    parts: Sequence[StrPath], out: StrPath, *, replace: bool = False, remove_chunks: bool = False
) -> _values.MergeResult:
    """Joins Matroska files with the same streams to one, `out` (".mkv"), every packet unchanged: a chunk at its place in
    its recording, any other file where the one before ended. `remove_chunks` deletes them once `out` was read back and
    found equal. `replace`: an existing `out`, atomically."""
    return _convert.merge_result(
        _onetake.merge_stream_files([os.fspath(part) for part in parts], os.fspath(out), replace, remove_chunks)
    )


def merge_recording_chunks(
    folder: StrPath, out: StrPath, *, replace: bool = False, remove_chunks: bool = False
) -> _values.MergeResult:
    """Joins the finished chunks of the recording in `folder`, in the order of their places."""
    return _convert.merge_result(
        _onetake.merge_recording_chunks(os.fspath(folder), os.fspath(out), replace, remove_chunks)
    )


def mark_take(take: StrPath, text: str) -> None:
    """Marks this instant in a take, by its folder, that another process of this user records now."""
    folder = Path(take)
    _onetake.mark_take(os.fspath(folder.parent), folder.name, text)


def list_video_devices() -> list[_values.VideoDevice]:
    """Cameras that can capture, by index."""
    return [_convert.video_device(device) for device in _onetake.list_video_devices()]


def list_audio_devices() -> list[_values.AudioDevice]:
    """Microphones."""
    return [_values.AudioDevice(**device) for device in _onetake.list_audio_devices()]


def capabilities() -> list[_values.Capability]:
    """The components found here, probed by using them."""
    return [_values.Capability(**found) for found in _onetake.capabilities()]


def denoise_models() -> list[_values.DenoiseModel]:
    """All published models of speech enhancement, lightest first."""
    return [_values.DenoiseModel(**model) for model in _onetake.denoise_models()]


def denoise_model_url(variant: str) -> str:
    """Where a model is published."""
    return _onetake.denoise_model_url(variant)


def denoise_model_path(variant: str, folder: StrPath | None = None) -> Path:
    """A model's path in `folder` (None: the folder of models), whether it exists or not."""
    return Path(_onetake.denoise_model_path(variant, os.fspath(folder or "")))


def download_denoise_model(
    variant: str, *, folder: StrPath | None = None, url: str = "", sha256: str = ""
) -> _values.StoredModel:
    """Downloads a model, continuing an interrupted download, and verifies it. Does nothing if it is there."""
    return _convert.stored_model(_onetake.download_denoise_model(variant, os.fspath(folder or ""), url, sha256))


def verify_denoise_model(path: StrPath) -> _values.StoredModel:
    """Verifies that a model file is complete, and identifies it."""
    return _convert.stored_model(_onetake.verify_denoise_model(os.fspath(path)))


def selftest(
    duration_s: float = 6, *, width: int = 640, height: int = 360, fps: float = 30, limit_ms: float = 1,
    folder: StrPath | None = None,
) -> _values.SelftestReport:  # fmt: skip
    """Records flashes and beeps, renders them, and measures the sync error of the file on this machine."""
    return _convert.selftest_report(
        _onetake.selftest(duration_s, width, height, fps, limit_ms, os.fspath(folder or ""))
    )


def calibrate(
    *,
    take: str = "",
    store: bool = True,
    tone_hz: float = 1000,
    flashes: int = 16,
    screen_delay_ms: float = 30,
    show_flash: Callable[[bool], object] | None = None,
    video_tracks: Sequence[VideoTrackConfig] | None = None,
    audio_tracks: Sequence[AudioTrackConfig] | None = None,
    **settings: Unpack[Settings],
) -> _values.OffsetReport:
    """Measures the constant offset between the first microphone and the first camera, and stores it for later takes of
    these devices. `take`: a take with flashes and beeps in the data folder; without it `show_flash(lit)` makes a screen
    in view of the camera bright or dark, called on a thread of the library."""
    given = config_arguments(settings, video_tracks, audio_tracks)
    return _convert.offset_report(
        _onetake.calibrate(*given, take, store, tone_hz, flashes, screen_delay_ms, show_flash)
    )
