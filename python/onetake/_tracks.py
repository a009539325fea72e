"""The tracks of a stored take: frames and samples with their times."""

from __future__ import annotations

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

if TYPE_CHECKING:
    import pandas
    from numpy.typing import ArrayLike, NDArray

    from ._take import Take

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


class DataTrack(Sequence[bytes]):
    """A data track of a stored take: its packets, as they were pushed."""

    def __init__(self, take: Take, number: int, track: str, device: str, name: str) -> None:
        self._take, self._number = take, number
        self.track = track
        """"d1", "d2" …"""
        self.device = device
        self.name = name
        self.times: NDArray[np.int64] = take._reader.packet_times(number)
        """The stamps of the packets: int64 nanoseconds on CLOCK_MONOTONIC."""
        self.times.flags.writeable = False

    def __len__(self) -> int:
        return len(self.times)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        indices = range(len(self))[index]
        if isinstance(indices, range):
            return [self._take._reader.packet(self._number, i) for i in indices]
        return self._take._reader.packet(self._number, indices)

    def __repr__(self) -> str:
        return f"<DataTrack {self.track}: {len(self)} packets, {self.name or self.device}>"


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
