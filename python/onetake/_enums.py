"""Choices: the members are their names as text, and either is accepted everywhere."""

from __future__ import annotations

import enum


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


class RoomMedia(_Text):
    """What a track of a room carries."""

    AUDIO = "audio"
    VIDEO = "video"
    SCREEN_SHARE = "screen_share"


class RoomLayout(_Text):
    """How a room's tracks are arranged in its file."""

    COMPOSITE = "composite"
    TRACKS = "tracks"


class RoomStart(_Text):
    """When a room's file begins."""

    FIRST_MEDIA = "first_media"
    ALL_TRACKS = "all_tracks"


class StampClock(_Text):
    """What the seconds of stamps are: CLOCK_MONOTONIC, or since 1970 UTC."""

    MONOTONIC = "monotonic"
    REALTIME = "realtime"


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
