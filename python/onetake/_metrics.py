"""What a take has in the end: files and measurements. Unknown numbers are NaN, unknown paths None."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

nan = math.nan


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
