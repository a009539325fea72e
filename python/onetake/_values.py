"""What calls return: dataclasses with the library's names. Unknown numbers are NaN."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from ._enums import EventKind, LossCause, Phase, TakeState
from ._metrics import TrackCounters

nan = math.nan


@dataclasses.dataclass(frozen=True)
class Event:
    """Something a person should know about a take, when it happened."""

    kind: EventKind
    t: float
    """When it was noticed: seconds on CLOCK_MONOTONIC."""
    track: str
    """"v1", "a1" …; empty: the take as a whole."""
    count: int
    """Of a loss: frames, or samples per channel."""
    text: str
    """One line, without the track."""


@dataclasses.dataclass(frozen=True)
class Marker:
    """A marker of a stored take."""

    t_ns: int
    """CLOCK_MONOTONIC."""
    text: str


@dataclasses.dataclass(frozen=True)
class Progress:
    """Progress of a recorder, about twice a second. Which fields are set depends on the phase; unknown is NaN."""

    phase: Phase
    elapsed_s: float
    frames: int = 0
    fps: float = 0.0
    lost: int = 0
    """Recording: frames lost so far, for any cause."""
    audio_level_db: float = nan
    """Recording: peak of the last block, dB of full scale."""
    disk_bytes_left: int = 0
    disk_minutes_left: float = nan
    fraction: float = 0.0
    """Enhancing, rendering: 0 … 1."""
    speed: float = 0.0
    """Rendering: media seconds per second; 0 until that is known."""
    eta_s: float = nan
    """Rendering: seconds to its end."""


@dataclasses.dataclass(frozen=True)
class EnhancedAudio:
    """A block of enhanced audio, delivered while recording: one channel."""

    t: float
    """Of the first sample: seconds on CLOCK_MONOTONIC."""
    sample_rate: int
    first_sample: int
    """In audio_enhanced.wav; each block begins where the one before ended."""
    after_gap: bool
    samples: Any
    """numpy int16 array of the shape (n,)."""


@dataclasses.dataclass(frozen=True)
class TakeLoss:
    """What is missing from one track of a take, for one cause."""

    track: str
    cause: LossCause
    count: int
    """Frames, or samples per channel."""
    seconds: float
    """Of media, at the track's rate; 0 if that is unknown."""
    bytes: int
    at_s: float
    """Of the first, seconds from the take's start; NaN if unknown."""
    which: str
    """"frames 12-15, 40", as far as known."""


@dataclasses.dataclass
class CheckReport:
    """The result of check() and recover()."""

    name: str
    recording: bool
    closed: bool
    needs_recovery: bool
    duration_s: float
    """From the first to the last stamp."""
    frames: int
    """Complete ones, all video tracks."""
    samples: int
    """Present, all audio tracks, per channel."""
    bytes: int
    losses: list[TakeLoss]
    findings: list[str]
    """Other problems, one line each."""
    packets: int = 0
    """Intact ones, all data tracks."""
    steps: list[str] = dataclasses.field(default_factory=list)
    """Of recover(): what was done, one line each; empty: nothing to do."""
    cut_bytes: int = 0
    """Of recover(): removed from an incomplete last line of the journal."""

    @property
    def whole(self) -> bool:
        """Whether nothing is lost and there are no problems."""
        return not self.losses and not self.findings and not self.needs_recovery

    def asdict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class OutputFileInfo:
    """What a rendered file says of itself."""

    path: Path
    take: str
    """Identity of the take that it was made from."""
    complete: bool
    audio: str
    model: str
    settings: str
    """A JSON object by field name."""


@dataclasses.dataclass(frozen=True)
class TakeSummary:
    """A take in the data folder."""

    name: str
    state: TakeState
    duration_s: float
    """NaN if unknown."""
    frames: int
    packets: int
    """Of data tracks."""
    bytes: int
    created: str
    """ISO 8601, UTC."""
    counters: list[TrackCounters]
    output: OutputFileInfo | None
    problem: str
    """Why it could not be read; else empty."""


@dataclasses.dataclass(frozen=True)
class MuxResult:
    """The video with its added audio."""

    path: Path
    delta_s: float
    """From the video's first frame to the first sample; negative: cut off."""
    video_frames: int
    video_s: float
    audio_s: float
    audio_samples_lost: int
    bytes: int
    audio_deleted: bool
    notes: list[str]
    failures: list[str]
    """What was asked for and not done, and why; the file is there."""


@dataclasses.dataclass(frozen=True)
class MergedStream:
    """A stream of a merged file."""

    kind: str
    """"video", "audio", "data"."""
    codec: str
    packets: int


@dataclasses.dataclass(frozen=True)
class MergeResult:
    """A merged file."""

    path: Path
    bytes: int
    duration_s: float
    parts: list[Path]
    """The files merged, in order."""
    streams: list[MergedStream]
    notes: list[str]
    failures: list[str]
    """What was asked for and not done, and why; the file is there."""


@dataclasses.dataclass(frozen=True)
class SidecarStart:
    """What SidecarAudio.start() reports."""

    audio_start: float
    """Stamp of the first sample, seconds on CLOCK_MONOTONIC."""
    audio_start_unix: float
    """The same instant, seconds since 1970 UTC."""
    take: Path
    wav_path: Path


@dataclasses.dataclass(frozen=True)
class VideoMode:
    fourcc: str
    width: int
    height: int
    fps: list[float]
    """Frames per second offered, highest first."""


@dataclasses.dataclass(frozen=True)
class VideoDevice:
    """A camera."""

    index: int
    path: str
    stable_id: str
    """Link under /dev/v4l/by-id, else by-path, else empty."""
    name: str
    driver: str
    modes: list[VideoMode]
    problem: str
    """Why it can't be used now; empty if it can."""


@dataclasses.dataclass(frozen=True)
class AudioDevice:
    """A microphone."""

    index: int
    """PortAudio's index; changes as devices come and go."""
    name: str
    host_api: str
    channels: int
    """Maximum number of input channels."""
    default_sample_rate: float
    is_default: bool


@dataclasses.dataclass(frozen=True)
class Capability:
    """A component of this build or machine."""

    name: str
    found: bool
    detail: str
    """Version, or why it is missing."""


@dataclasses.dataclass(frozen=True)
class DenoiseModel:
    """A published model of speech enhancement."""

    variant: str
    sample_rate: int
    """Hz, of the enhanced audio."""
    use: str
    bytes: int


@dataclasses.dataclass(frozen=True)
class StoredModel:
    """A model's file."""

    path: Path
    sha256: str
    bytes: int
    sample_rate: int
    warning: str
    downloaded: bool
    """False: it existed already."""


@dataclasses.dataclass(frozen=True)
class OffsetReport:
    """The constant offset between a microphone and a camera, as measured."""

    offset_ms: float
    """Positive: audio is late."""
    error_ms: float
    scatter_ms: float
    pairs: int
    left_out: int
    lone_flashes: int
    lone_beeps: int
    camera: str
    microphone: str
    fourcc: str
    width: int
    height: int
    fps: float
    stored_in: str
    """File in which the offset was stored; empty: not stored."""
    notes: list[str]


@dataclasses.dataclass(frozen=True)
class SelftestCheck:
    name: str
    passed: bool
    detail: str


@dataclasses.dataclass(frozen=True)
class SelftestReport:
    """What selftest() measured."""

    passed: bool
    checks: list[SelftestCheck]
    worst_ms: float
    """Largest error of a pair of flash and beep; positive: audio late."""
    mean_ms: float
    pairs: int
    worst_frame_us: float
    frames: int
    lost: int
    render_s: float
    disk_mb_per_s: float
    notes: list[str]
