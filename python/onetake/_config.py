"""Settings: by keyword, or track by track."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from . import _onetake

if TYPE_CHECKING:
    from typing_extensions import Unpack

StrPath = str | os.PathLike[str]


class Settings(TypedDict, total=False):
    """The keyword arguments of a recorder, with one value for all tracks of a kind. `onetake.settings()` has their
    defaults and ranges."""

    source: str
    video_device: int | str
    width: int
    height: int
    fps: float
    fourcc: str
    convert_rgb: bool
    buffersize: int | None
    v4l2_controls: Sequence[str]
    warmup: int
    more_video_devices: Sequence[int | str]
    video: bool
    audio: bool
    audio_device: int | str | None
    sample_rate: int
    channels: int
    blocksize: int
    more_audio_devices: Sequence[int | str]
    require_audio: bool
    calibration: bool
    store_codec: str
    store_preset: str
    store_crf: int
    store_bitrate: int
    store_keyframe_s: float
    encoder: str
    quality: int
    subsample: str
    progressive: bool
    workers: int
    queue_size: int
    on_full: str
    fsync: bool
    denoise: bool | None
    require_enhance: bool
    denoise_model: StrPath | None
    denoise_num_threads: int
    denoise_provider: str
    denoise_live: bool
    denoise_attenuation_limit_db: float
    codec: str
    preset: str
    crf: int
    transcode: bool
    pixel_range: str
    container: str
    sync_reference: str
    cfr: float | None
    audio_bitrate: int
    latency_offset_ms: float
    marker_socket: bool
    instant_mp4: bool
    data_dir: StrPath
    processed_dir: StrPath


@dataclasses.dataclass
class VideoTrackConfig:
    """One video track of a take: where its frames come from."""

    source: str = "device"
    """"device", "external" (pushed) or "test" (a pattern)."""
    device: int | str = 0
    """Of a camera: index, /dev/videoN, or a link under /dev/v4l/by-id."""
    label: str = ""
    """Of a pushed track: a name for people."""
    width: int = 1280
    height: int = 720
    fps: float = 30.0
    """Frames per second requested from the camera; nominal for pushed frames."""
    fourcc: str = "MJPG"
    convert_rgb: bool = True
    """False: the camera's own JPEGs are stored unchanged."""
    buffersize: int | None = None
    v4l2_controls: Sequence[str] = ("exposure_dynamic_framerate=0",)
    warmup: int = 15
    """Frames discarded before the take starts."""


@dataclasses.dataclass
class AudioTrackConfig:
    """One audio track of a take: where its samples come from."""

    source: str = "device"
    device: int | str | None = None
    """Of a microphone: index or part of a name; None: the system's default."""
    label: str = ""
    sample_rate: int = 48000
    channels: int = 1
    blocksize: int = 1024
    """Samples per channel and block."""


@dataclasses.dataclass
class DataTrackConfig:
    """One data track of a take: packets of bytes that the program pushes."""

    label: str = ""
    """A name for people."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """A setting of a recorder."""

    name: str
    group: str
    help: str
    type: str
    default: object
    range: tuple[float, float] | None
    choices: tuple[str, ...]


def _setting(name: str, group: str, help: str, type: str, default: object, low: float, high: float,
             choices: str) -> Setting:  # fmt: skip
    limits = (low, high) if low != high else None
    return Setting(name, group, help, type, default, limits, tuple(choices.split("|")) if choices else ())


def settings() -> list[Setting]:
    """Every keyword argument of a recorder, with default, range and help."""
    return [_setting(*row) for row in _onetake.settings()]


_names: frozenset[str] = frozenset(row[0] for row in _onetake.settings())


def checked(given: Settings) -> dict[str, object]:
    """The settings, if their names are known; else TypeError, as for any keyword argument."""
    for name in given:
        if name not in _names:
            close = difflib.get_close_matches(name, _names, 1)
            hint = f"; did you mean {close[0]!r}?" if close else "; onetake.settings() lists them all"
            raise TypeError(f"There is no setting {name!r}{hint}")
    return dict(given)


def video_track(track: VideoTrackConfig) -> dict[str, object]:
    given = dataclasses.asdict(track)
    given["video_device"] = given.pop("device")
    return given


def audio_track(track: AudioTrackConfig) -> dict[str, object]:
    given = dataclasses.asdict(track)
    given["audio_device"] = given.pop("device")
    return given


def config_arguments(
    settings: Settings,
    video_tracks: Sequence[VideoTrackConfig] | None,
    audio_tracks: Sequence[AudioTrackConfig] | None,
) -> tuple[dict[str, Any], list[dict[str, Any]] | None, list[dict[str, Any]] | None]:
    """What the extension module makes a configuration from."""
    return (
        checked(settings),
        None if video_tracks is None else [video_track(track) for track in video_tracks],
        None if audio_tracks is None else [audio_track(track) for track in audio_tracks],
    )


def validate(
    *,
    video_tracks: Sequence[VideoTrackConfig] | None = None,
    audio_tracks: Sequence[AudioTrackConfig] | None = None,
    **settings: Unpack[Settings],
) -> None:
    """Checks settings without making a recorder. Raises InvalidArgumentError for the first one out of range."""
    _onetake.check_config(*config_arguments(settings, video_tracks, audio_tracks))
