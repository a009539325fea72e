"""A stored take to work with."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from . import _onetake
from ._errors import CorruptError, InvalidArgumentError
from ._values import Event, EventKind, Metrics, metrics_of

if TYPE_CHECKING:
    import pandas
    from numpy.typing import ArrayLike, NDArray

_WORKERS = max(2, min(8, os.cpu_count() or 2))


class Frames(Sequence["NDArray[np.uint8]"]):
    """The frames of a video track, decoded when asked for: `frames[i]`, `frames[a:b]` (another Frames), iteration,
    which decodes ahead on several threads. Each is a new array of the shape (height, width, 3), or (height, width) of
    "gray"."""

    def __init__(self, reader: _onetake.TakeReader, track: int, indices: range, format: str) -> None:
        self._reader, self._track, self._indices, self._format = reader, track, indices, format

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> Frames: ...
    def __getitem__(self, index: int | slice) -> NDArray[np.uint8] | Frames:
        if isinstance(index, slice):
            return Frames(self._reader, self._track, self._indices[index], self._format)
        return self._decode(self._indices[index])

    def _decode(self, frame: int) -> NDArray[np.uint8]:
        return self._reader.image(self._track, frame, self._format)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return self.prefetched()

    def prefetched(self, workers: int = _WORKERS, ahead: int | None = None) -> Iterator[NDArray[np.uint8]]:
        """The frames in order, decoded by `workers` threads, at most `ahead` (twice the workers) of them early."""
        pool = ThreadPoolExecutor(workers, "onetake decoder")
        try:
            indices = iter(self._indices)
            waiting: list[Future[NDArray[np.uint8]]] = [
                pool.submit(self._decode, i) for i in islice(indices, ahead or 2 * workers)
            ]
            while waiting:
                frame = waiting.pop(0).result()
                for i in islice(indices, 1):
                    waiting.append(pool.submit(self._decode, i))
                yield frame
                del frame
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def __repr__(self) -> str:
        return f"<{len(self)} frames, {self._format}>"


class VideoTrack:
    """A video track of a stored take."""

    def __init__(self, take: Take, number: int, given: dict[str, Any]) -> None:
        self._take, self._number = take, number
        self.track: str = given["track"]
        """"v1", "v2" …"""
        self.device: str = given["device"]
        self.name: str = given["name"]
        self.width: int = given["width"]
        """Pixels, as granted when the take began; 0 if that was unknown."""
        self.height: int = given["height"]
        self.fps: float = given["fps"]
        """As granted or announced; 0 if that was unknown."""
        self.encoded: bool = given["encoded"]
        """Stored as packets of a video codec, not as JPEGs."""
        self.times: NDArray[np.int64] = take._reader.frame_times(number)
        """Capture instants of the frames, as stamped: int64 nanoseconds on CLOCK_MONOTONIC."""
        self.times.flags.writeable = False

    def __len__(self) -> int:
        return len(self.times)

    @property
    def frames(self) -> Frames:
        """The frames as BGR arrays."""
        return self.decoded("bgr")

    def decoded(self, format: str = "rgb") -> Frames:
        """The frames as "bgr", "rgb" or "gray"."""
        return Frames(self._take._reader, self._number, range(len(self.times)), format)

    def jpeg(self, frame: int) -> bytes:
        """A frame's file as it is stored."""
        return self._take._reader.jpeg(self._number, range(len(self.times))[frame])

    def index_at(self, t_ns: int) -> int | None:
        """The last frame captured at or before `t_ns` (CLOCK_MONOTONIC); None before the first."""
        return self._take._reader.frame_at(self._number, int(t_ns))

    def at(self, t_ns: int, format: str = "bgr") -> NDArray[np.uint8] | None:
        """That frame, decoded."""
        index = self.index_at(t_ns)
        return None if index is None else self._take._reader.image(self._number, index, format)

    @property
    def wall_times(self) -> NDArray[np.datetime64]:
        """UTC of every frame, by the clocks read when the take began: datetime64[ns]; NaT if that is unknown."""
        return self._take.wall_time(self.times)

    def to_pandas(self) -> pandas.DataFrame:
        """A row per frame: track, frame, t_ns (CLOCK_MONOTONIC), t_s (seconds in the rendered file), wall_time (UTC)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "track": self.track,
                "frame": np.arange(len(self.times)),
                "t_ns": self.times,
                "t_s": (self.times - self._take.start_ns) / 1e9,
                "wall_time": self.wall_times,
            }
        )

    def __repr__(self) -> str:
        return f"<VideoTrack {self.track}: {len(self)} frames of {self.width}x{self.height}, {self.name or self.device}>"


class AudioTrack:
    """An audio track of a stored take."""

    def __init__(self, take: Take, number: int, given: dict[str, Any]) -> None:
        self._take, self._number = take, number
        self.track: str = given["track"]
        """"a1", "a2" …"""
        self.device: str = given["device"]
        self.name: str = given["name"]
        self.sample_rate: int = given["sample_rate"]
        """Hz, the label's; the true rate is in the times."""
        self.channels: int = given["channels"]
        self.wav_path = Path(given["wav_path"])
        self._count: int = take._reader.sample_count(number)
        self._spans: NDArray[np.int64] = take._reader.sample_spans(number)
        self._samples: NDArray[np.int16] | None = None

    def __len__(self) -> int:
        """Samples per channel."""
        return self._count

    @property
    def samples(self) -> NDArray[np.int16]:
        """The samples as stored, memory-mapped and read-only: int16 of the shape (n, channels)."""
        if self._samples is None:
            self._samples = _mapped_samples(self.wav_path, self._count, self.channels)
        return self._samples

    @property
    def gaps(self) -> NDArray[np.int64]:
        """Where audio was lost: rows of begin and end, nanoseconds on CLOCK_MONOTONIC."""
        after = np.flatnonzero(self._spans[:, 4])
        after = after[after > 0]
        return np.stack([self._spans[after - 1, 3], self._spans[after, 2]], axis=1)

    def times(self, samples: ArrayLike | None = None) -> NDArray[np.int64]:
        """The instants of samples (indices; None: of all) by the audio clock model: int64 nanoseconds on
        CLOCK_MONOTONIC, corrected by the take's measured offset."""
        wanted = np.arange(self._count) if samples is None else np.asarray(samples, dtype=np.int64)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= self._count):
            raise InvalidArgumentError(f"{self.track} has samples 0 to {self._count - 1}.")
        if not len(self._spans):
            return np.empty(wanted.shape, dtype=np.int64)
        first, count, begin, end = (self._spans[:, i] for i in range(4))
        at = np.clip(np.searchsorted(first, wanted, side="right") - 1, 0, len(first) - 1)
        # Rates are far from 2^53 ns per span, so double has the nanosecond.
        offset = (wanted - first[at]) * ((end[at] - begin[at]) / count[at])
        return np.asarray(begin[at] + np.rint(offset).astype(np.int64))

    def read(self, t0_ns: int, t1_ns: int) -> NDArray[np.int16]:
        """The audio of [t0_ns, t1_ns) on the common timeline (CLOCK_MONOTONIC), at the label rate: sample k is the
        sound at `t0_ns` + k / rate, whatever the sound card's true rate was, and silence where there is none. int16 of
        the shape (n, channels)."""
        return self._take._reader.audio_between(self._number, int(t0_ns), int(t1_ns))

    def to_pandas(self) -> pandas.DataFrame:
        """A row per span of evenly spaced samples: track, first_sample, samples, begin_ns, end_ns, after_gap."""
        import pandas as pd

        names = ["first_sample", "samples", "begin_ns", "end_ns"]
        frame = pd.DataFrame(self._spans[:, :4], columns=names)
        frame.insert(0, "track", self.track)
        frame["after_gap"] = self._spans[:, 4].astype(bool)
        return frame

    def __repr__(self) -> str:
        seconds = self._count / self.sample_rate if self.sample_rate else 0.0
        return (
            f"<AudioTrack {self.track}: {seconds:.1f} s at {self.sample_rate} Hz, {self.channels} channels, "
            f"{self.name or self.device}>"
        )


def _mapped_samples(path: Path, count: int, channels: int) -> NDArray[np.int16]:
    """The data chunk of a WAV file (RIFF or RF64), as far as it is there."""
    with open(path, "rb") as file:
        if file.read(4) not in (b"RIFF", b"RF64"):
            raise CorruptError(f"{path} is no WAV file.")
        file.seek(12)
        while len(header := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", header)
            if name == b"data":
                break
            file.seek(size + size % 2, os.SEEK_CUR)
        else:
            raise CorruptError(f"{path} has no audio data.")
        begin = file.tell()
        stored = (os.fstat(file.fileno()).st_size - begin) // (2 * channels)
    shape = (min(count, stored), channels)
    if shape[0] <= 0:
        return np.empty((0, channels), dtype=np.int16)
    return np.memmap(path, dtype="<i2", mode="r", offset=begin, shape=shape)


class Take:
    """A stored take: frames and samples with their times on one clock, and what happened. Changes nothing.

    Times are integer nanoseconds on CLOCK_MONOTONIC of the machine and boot that recorded; `wall_time()` makes UTC of
    them. A take that is being recorded can be loaded; refresh() reads what has been stored since. May be passed to
    other threads and, pickled, to other processes of this machine."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._reader = _onetake.TakeReader.open(os.fspath(folder))
        self._read()

    def _read(self) -> None:
        reader = self._reader
        self.video: list[VideoTrack] = [VideoTrack(self, i, track) for i, track in enumerate(reader.video())]
        self.audio: list[AudioTrack] = [AudioTrack(self, i, track) for i, track in enumerate(reader.audio())]
        self.events: list[Event] = [Event(EventKind(kind), t, track, count, text) for kind, t, track, count, text in reader.events()]
        """Stalls, lost devices, losses and notes, as journaled."""
        self._manifest: dict[str, Any] | None = None

    def refresh(self) -> bool:
        """Reads what a take that is being recorded has gained; returns whether there was anything. Tracks got before
        show what was there then."""
        before, self._reader = self._reader, _onetake.TakeReader.open(self._reader.folder)
        gained = any(self._reader.frame_times(i).size > len(track) for i, track in enumerate(self.video))
        gained |= any(self._reader.sample_count(i) > len(track) for i, track in enumerate(self.audio))
        gained |= before.complete != self._reader.complete
        self._read()
        return gained

    @property
    def folder(self) -> Path:
        return Path(self._reader.folder)

    @property
    def name(self) -> str:
        return self._reader.name

    @property
    def id(self) -> str:
        """Unique; empty in takes from before there were ids."""
        return self._reader.id

    @property
    def created(self) -> str:
        """ISO 8601, UTC."""
        return self._reader.created

    @property
    def program(self) -> str:
        """That recorded it."""
        return self._reader.program

    @property
    def complete(self) -> bool:
        """Whether the recording was closed."""
        return self._reader.complete

    @property
    def recording(self) -> bool:
        """Whether a process is recording it now."""
        return self._reader.recording

    @property
    def start_ns(self) -> int:
        """The earliest stamp of any track: time 0 of a rendered file."""
        return self._reader.start_ns

    @property
    def end_ns(self) -> int:
        """The latest frame, or the end of the audio."""
        last = [int(track.times[-1]) for track in self.video if len(track)]
        last += [int(track._spans[-1, 3]) for track in self.audio if len(track._spans)]
        return max(last, default=self.start_ns)

    @property
    def losses(self) -> list[Event]:
        """The events that are losses."""
        return [event for event in self.events if event.kind is EventKind.LOSS]

    @property
    def manifest(self) -> dict[str, Any]:
        """manifest.json, as docs/take-format.md specifies it; empty while recording and in broken takes."""
        if self._manifest is None:
            try:
                self._manifest = json.loads((self.folder / "manifest.json").read_bytes())
            except FileNotFoundError:
                return {}
        return self._manifest

    @property
    def metrics(self) -> Metrics | None:
        """The measurements made when the take was closed; None while recording and in broken takes."""
        manifest = self.manifest
        return metrics_of(manifest["metrics"]) if "metrics" in manifest else None

    @overload
    def wall_time(self, t_ns: int) -> np.datetime64: ...
    @overload
    def wall_time(self, t_ns: NDArray[np.int64]) -> NDArray[np.datetime64]: ...
    def wall_time(self, t_ns: int | NDArray[np.int64]) -> Any:
        """UTC of an instant, or of many: datetime64[ns], by the clocks read when the take began; NaT if unknown."""
        start = self.start_ns
        wall = self._reader.wall_time_ns(start)
        if wall == 0:
            return np.full(np.shape(t_ns), np.datetime64("NaT", "ns"))[()]
        return (np.asarray(t_ns, dtype=np.int64) + (wall - start)).astype("datetime64[ns]")[()]

    def to_pandas(self) -> pandas.DataFrame:
        """The frames of all video tracks in the order of capture: track, frame, t_ns, t_s, wall_time."""
        import pandas as pd

        if not self.video:
            return pd.DataFrame(columns=["track", "frame", "t_ns", "t_s", "wall_time"])
        tracks = [track.to_pandas() for track in self.video]
        return pd.concat(tracks).sort_values("t_ns", kind="stable", ignore_index=True)

    def __reduce__(self) -> tuple[type[Take], tuple[str]]:
        return Take, (os.path.abspath(self._reader.folder),)

    def __repr__(self) -> str:
        state = "recording" if self.recording else "complete" if self.complete else "broken"
        tracks = ", ".join(repr(track)[1:-1] for track in (*self.video, *self.audio))
        return f"<Take {self.name!r}, {state}, {(self.end_ns - self.start_ns) / 1e9:.1f} s: {tracks}>"

    def _repr_html_(self) -> str:
        from . import _html

        return _html.take_as_html(self)


def load(folder: str | os.PathLike[str]) -> Take:
    """Opens a stored take, by its folder: `onetake.load("av_data/interview")`."""
    return Take(folder)
