"""A take as HTML, for notebooks: counts, thumbnails, and a plot of the frames' times."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from ._errors import Error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._take import Take
    from ._tracks import AudioTrack, VideoTrack

_THUMBNAILS = 5
_THUMBNAIL_WIDTH = 160
_MOST_POINTS = 400


def _png(rgb: NDArray[np.uint8]) -> bytes:
    height, width, _ = rgb.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = rgb.reshape(height, 3 * width)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes()))
        + chunk(b"IEND", b"")
    )


def _reduced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of square blocks, about _THUMBNAIL_WIDTH pixels wide."""
    size = max(1, image.shape[1] // _THUMBNAIL_WIDTH)
    height, width = image.shape[0] // size, image.shape[1] // size
    if height == 0:
        return image
    blocks = image[: height * size, : width * size].reshape(height, size, width, size, 3)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.uint8)


def _thumbnails(track: VideoTrack) -> str:
    images = []
    for index in sorted({int(i) for i in np.linspace(0, len(track) - 1, _THUMBNAILS)}) if len(track) else ():
        try:
            png = _png(_reduced(track.decoded("rgb")[index]))
        except Error as error:
            images.append(f"<span>frame {index}: {html.escape(str(error))}</span>")
            continue
        data = base64.b64encode(png).decode()
        images.append(f'<img alt="frame {index}" title="frame {index}" src="data:image/png;base64,{data}">')
    return " ".join(images)


def _plot(track: VideoTrack) -> str:
    """The time from each frame to the next, largest of each of _MOST_POINTS parts, over the take."""
    if len(track) < 3:
        return ""
    intervals = np.diff(track.times) / 1e6
    parts = np.array_split(intervals, min(_MOST_POINTS, len(intervals)))
    largest = np.array([part.max() for part in parts])
    top = max(float(largest.max()), 1e-3)
    x = np.linspace(0, 400, len(largest))
    points = " ".join(f"{a:.1f},{60 - 56 * b / top:.1f}" for a, b in zip(x, largest, strict=True))
    return (
        f'<svg width="402" height="62" viewBox="-1 -1 402 62" role="img" aria-label="time between frames">'
        f'<rect width="400" height="60" fill="none" stroke="#bbb"/>'
        f'<polyline points="{points}" fill="none" stroke="#06c"/></svg> '
        f"time between frames: median {np.median(intervals):.2f} ms, largest {top:.2f} ms"
    )


def take_as_html(take: Take) -> str:
    state = "recording" if take.recording else "complete" if take.complete else "broken"
    rows = []
    tracks: list[VideoTrack | AudioTrack] = [*take.video, *take.audio]
    lost = {track.track: 0 for track in tracks}
    for event in take.losses:
        lost[event.track] = lost.get(event.track, 0) + event.count
    for video in take.video:
        size = f"{video.width}x{video.height}" if video.width else ""
        rows.append((video.track, video.name or video.device, f"{len(video)} frames", size, f"{lost[video.track]} lost"))
    for audio in take.audio:
        seconds = len(audio) / audio.sample_rate if audio.sample_rate else 0
        form = f"{audio.sample_rate} Hz, {audio.channels} ch"
        rows.append((audio.track, audio.name or audio.device, f"{seconds:.2f} s", form, f"{lost[audio.track]} lost"))
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    table = "".join(f"<tr>{row}</tr>" for row in cells)
    length = (take.end_ns - take.start_ns) / 1e9
    pictures = "".join(f"<div>{_thumbnails(video)}</div><div>{_plot(video)}</div>" for video in take.video)
    events = "".join(
        f"<li>{html.escape(f'{e.t - take.start_ns / 1e9:.3f} s {e.track} {e.kind}: {e.text}')}</li>"
        for e in take.events[:20]
    )
    return (
        f"<div><b>{html.escape(take.name)}</b>: {state}, {length:.2f} s, {html.escape(take.created)}"
        f"<table>{table}</table>{pictures}<ul>{events}</ul></div>"
    )
