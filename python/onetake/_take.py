"""A stored take to work with."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from . import _onetake
from ._convert import metrics_of
from ._enums import EventKind
from ._metrics import Metrics
from ._values import Event, Marker
from ._tracks import AudioTrack, DataTrack, VideoTrack

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray


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
        self.data: list[DataTrack] = [DataTrack(self, i, *track) for i, track in enumerate(reader.data())]
        self.markers: list[Marker] = [Marker(t_ns, text) for t_ns, text in reader.markers()]
        """In the order in which they were set."""
        self.events: list[Event] = [Event(EventKind(kind), t, track, count, text) for kind, t, track, count, text in reader.events()]
        """Stalls, lost devices, losses and notes, as journaled."""
        self._manifest: dict[str, Any] | None = None

    def refresh(self) -> bool:
        """Reads what a take that is being recorded has gained; returns whether there was anything. Tracks got before
        show what was there then."""
        before, self._reader = self._reader, _onetake.TakeReader.open(self._reader.folder)
        gained = any(self._reader.frame_times(i).size > len(track) for i, track in enumerate(self.video))
        gained |= any(self._reader.sample_count(i) > len(track) for i, track in enumerate(self.audio))
        gained |= any(self._reader.packet_times(i).size > len(track) for i, track in enumerate(self.data))
        gained |= len(self._reader.markers()) > len(self.markers)
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
