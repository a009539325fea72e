"""What calls return: dataclasses with the library's names. Unknown numbers are NaN, unknown paths None."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from pathlib import Path
from typing import Any

nan = math.nan


class _Text(str, enum.Enum):
    """An enum whose members are their names as text: either is accepted everywhere."""

    def __str__(self) -> str:
        return str(self.value)


class SourceKind(_Text):
    """Where a track's media come from."""

    DEVICE = "device"
    EXTERNAL = "external"
    TEST = "test"


class OnFull(_Text):
    """What happens to a frame when its queue is full."""

    DROP = "drop"
    BLOCK = "block"


class Subsample(_Text):
    """Chroma resolution of stored JPEGs."""

    GRAY = "gray"
    S420 = "420"
    S422 = "422"
    S444 = "444"


class PixelRange(_Text):
    """Value range of the MP4's pixels."""

    FULL = "full"
    LIMITED = "limited"


class ContainerFormat(_Text):
    """Container of a rendered file."""

    MP4 = "mp4"
    MKV = "mkv"


class SyncReference(_Text):
    """The clock of a rendered file: the computer's, or the first microphone's."""

    SYSTEM = "system"
    AUDIO = "audio"


class EventKind(_Text):
    """What an event is about."""

    STALL = "stall"
    RESUMED = "resumed"
    DEVICE_LOST = "device_lost"
    LOSS = "loss"
    FALLBACK = "fallback"
    DISK_WARNING = "disk_warning"
    ENDED_EARLY = "ended_early"
    NOTE = "note"


class Phase(_Text):
    """What a recorder is doing."""

    RECORDING = "recording"
    ENHANCING = "enhancing"
    RENDERING = "rendering"


class TakeState(_Text):
    """recording: by a running process; broken: not closed; complete: closed; rendered: has an output file of its own."""

    RECORDING = "recording"
    BROKEN = "broken"
    COMPLETE = "complete"
    RENDERED = "rendered"


class AudioStamps(_Text):
    """What the times of imported audio are."""

    AUTOMATIC = "automatic"
    CAPTURE = "capture"
    ARRIVAL = "arrival"


class LossCause(_Text):
    """Why a frame or a sample is not in a take."""

    QUEUE = "queue"
    DRIVER = "driver"
    CORRUPT = "corrupt"
    DISK = "disk"
    MISSING = "missing"
    CUT_SHORT = "short"
    DAMAGED = "damaged"
    ALTERED = "altered"
    NO_RECORD = "no_record"


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
class TrackCounters:
    """Accounting of one track: expected == written + lost. Video counts frames, audio samples per channel."""

    track: str
    kind: str
    expected: int
    written: int
    dropped_queue: int
    dropped_driver: int
    corrupt: int
    dropped_disk: int

    @property
    def lost(self) -> int:
        """For any cause."""
        return self.dropped_queue + self.dropped_driver + self.corrupt + self.dropped_disk

    @property
    def balanced(self) -> bool:
        return self.expected == self.written + self.lost


@dataclasses.dataclass
class Metrics:
    """Measurements of a take, specified in docs/metrics.md. Times of the first video and the first audio track."""

    duration_s: float = 0.0
    """Capture window, seconds."""
    frames: int = 0
    """Written, all video tracks."""
    dropped: int = 0
    """Lost because a queue was full, all video tracks."""
    effective_fps: float = nan
    """Of the camera, from stamps; lost frames count."""
    nominal_fps: float = nan
    """Granted by the camera, else configured."""
    width: int = 0
    height: int = 0
    fourcc: str = ""
    jpeg_kb_mean: float = nan
    """10^3 bytes per stored JPEG."""
    grab_ms_mean: float = nan
    """Device fetch."""
    retrieve_ms_mean: float = nan
    """MJPG decode, where frames are decoded."""
    encode_ms_mean: float = nan
    """Per frame, by JPEG or video encoder."""
    write_latency_p95_ms: float = nan
    """Capture instant to on disk."""
    write_latency_max_ms: float = nan
    queue_max: int = 0
    """Deepest queue, frames."""
    video_mb: float = 0.0
    """10^6 bytes of JPEGs or packets."""
    video_mbps: float = 0.0
    """Megabits per second of JPEGs or packets."""
    audio_enabled: bool = False
    audio_samples: int = 0
    """Per channel, first audio track."""
    audio_xruns: int = 0
    """Blocks flagged by the device, all audio tracks."""
    audio_block_jitter_ms: float = nan
    """RMS of block stamps about the fitted clock."""
    soundcard_drift_ppm: float = nan
    """Audio clock against CLOCK_MONOTONIC; positive: the card runs fast."""
    camera_fps_label_error_ppm: float = nan
    """(effective / nominal - 1) * 1e6."""
    projected_av_skew_ms_per_hour: float = nan
    """If played at nominal rates; the MP4 has none."""
    loss_bound_s: float = nan
    """Most that a kill loses of an encoded track."""
    encoder: str = ""
    stamp_source: str = ""
    """Provenance of the first video track's stamps."""
    audio_stamp_source: str = ""
    denoise_enabled: bool = False
    denoise_model: str = ""
    denoise_out_sr: int = 0
    """Hz, of the enhanced audio."""
    denoise_rt_factor: float = nan
    gaps: int = 0
    """Video over 0.2 s (or 3 frames), audio over 50 ms without media, all tracks."""
    gap_s: float = 0.0
    """Their total length."""
    disk_bytes_left: int = 0
    peak_memory_mb: float = 0.0
    """10^6 bytes, of the process so far."""
    ended_early: str = ""
    """Why the take could not be continued or closed; else empty."""
    counters: list[TrackCounters] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    """Fallbacks and warnings, one line each."""

    @property
    def balanced(self) -> bool:
        """Whether every frame and sample is accounted for."""
        return all(c.balanced for c in self.counters)

    @property
    def lossy(self) -> bool:
        """Whether any frame or sample is known to be lost."""
        return any(c.lost for c in self.counters)

    def asdict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        rows = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("counters", "notes") or value == "" or (isinstance(value, float) and math.isnan(value)):
                continue
            rows.append(f"{field.name:<30} {value:.6g}" if isinstance(value, float) else f"{field.name:<30} {value}")
        rows += [f"{'counters ' + c.track:<30} {c.expected} = {c.written} written + {c.lost} lost" for c in self.counters]
        return "\n".join(rows + [f"{'note':<30} {note}" for note in self.notes])


@dataclasses.dataclass
class TakeResult:
    """The files and metrics of a take. The path of a file that was not written is None."""

    name: str
    id: str = ""
    """Unique among all takes."""
    frames_dir: Path | None = None
    """Of the first video track."""
    wav_path: Path | None = None
    enhanced_wav_path: Path | None = None
    manifest_path: Path | None = None
    mp4_path: Path | None = None
    mp4_bytes: int = 0
    mp4_frames: int = 0
    mp4_codec: str = ""
    mp4_audio: str = ""
    """In the MP4: "recorded", "enhanced" or "none"."""
    failures: list[str] = dataclasses.field(default_factory=list)
    """What was asked for and not done, and why, a line each."""
    metrics: Metrics = dataclasses.field(default_factory=Metrics)

    @property
    def folder(self) -> Path:
        """The take's folder."""
        for path in (self.manifest_path, self.wav_path, self.frames_dir):
            if path is not None:
                return path.parent
        return Path(self.name)

    def asdict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


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


_TAKE_PATHS = ("frames_dir", "wav_path", "enhanced_wav_path", "manifest_path", "mp4_path")


def _fields(cls: type, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of the dataclass that are given; null numbers as NaN or 0, null texts as empty."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.name not in given:
            continue
        value = given[field.name]
        if value is None and field.type == "float":
            value = nan
        elif value is None and field.type == "int":
            value = 0
        elif value is None and field.type == "str":
            value = ""
        found[field.name] = value
    return found


def metrics_of(given: dict[str, Any]) -> Metrics:
    metrics = Metrics(**_fields(Metrics, given))
    metrics.counters = [TrackCounters(**_fields(TrackCounters, c)) for c in given.get("books", [])]
    return metrics


def take_result(text: str) -> TakeResult:
    given = json.loads(text)
    result = TakeResult(**_fields(TakeResult, given))
    for name in _TAKE_PATHS:
        setattr(result, name, Path(given[name]) if given.get(name) else None)
    result.metrics = metrics_of(given["metrics"])
    return result


def check_report(text: str) -> CheckReport:
    given = json.loads(text)
    report = CheckReport(**_fields(CheckReport, given))
    report.losses = [
        TakeLoss(**{**_fields(TakeLoss, loss), "cause": LossCause(loss["cause"])}) for loss in given["losses"]
    ]
    return report


def take_summary(given: dict[str, Any]) -> TakeSummary:
    output = given["output"]
    counters = [TrackCounters(**c) for c in given["counters"]]
    if output is not None:
        output = OutputFileInfo(**{**output, "path": Path(output["path"])})
    return TakeSummary(**{**given, "state": TakeState(given["state"]), "counters": counters, "output": output})


def mux_result(text: str) -> MuxResult:
    given = _fields(MuxResult, json.loads(text))
    return MuxResult(**{**given, "path": Path(given["path"])})


def offset_report(text: str) -> OffsetReport:
    return OffsetReport(**_fields(OffsetReport, json.loads(text)))


def selftest_report(text: str) -> SelftestReport:
    given = _fields(SelftestReport, json.loads(text))
    return SelftestReport(**{**given, "checks": [SelftestCheck(**c) for c in given["checks"]]})


def event(given: dict[str, Any]) -> Event:
    return Event(**{**given, "kind": EventKind(given["kind"])})


def progress(given: dict[str, Any]) -> Progress:
    return Progress(**{**given, "phase": Phase(given["phase"])})


def video_device(given: dict[str, Any]) -> VideoDevice:
    return VideoDevice(**{**given, "modes": [VideoMode(**mode) for mode in given["modes"]]})


def stored_model(given: dict[str, Any]) -> StoredModel:
    return StoredModel(**{**given, "path": Path(given["path"])})
