"""Streams of recordings in chunks, and their encoders."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from . import _onetake


@dataclasses.dataclass
class VideoStreamConfig:
    """A video stream. Pixel formats have libavutil's names; "yuv420p" and its like are limited range, "yuvj420p" full
    range."""

    width: int
    """Pixels of its frames."""
    height: int
    fps: float | Fraction | tuple[int, int] = 30.0
    """Frames per second: a number, or a fraction, (30000, 1001). Nominal: frames keep their own stamps."""
    codec: str = "libx264"
    """An encoder of libavcodec."""
    bitrate: int = 2_000_000
    """Bits/s; 0: constant quality. Lossless codecs ignore it."""
    input_pixel_format: str = "rgb24"
    """rgb24, bgr24, gray, gray16le, nv12, yuyv422, yuv420p, yuvj420p, yuv422p, yuv444p."""
    output_pixel_format: str = "yuv420p"
    """yuv420p, yuvj420p, gray, gray16le, yuv422p, yuv444p."""
    stream_options: Mapping[str, str | int | float] = dataclasses.field(default_factory=dict)
    """The encoder's own: {"preset": "fast", "g": 30}; no B-frames."""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Tags of the stream in every chunk."""


@dataclasses.dataclass
class AudioStreamConfig:
    """An audio stream."""

    sample_rate: int = 48000
    """Hz."""
    channels: int = 1
    codec: str = "flac"
    """An audio encoder of libavcodec: flac, aac, libopus, pcm_s16le."""
    bitrate: int = 128_000
    """Bits/s; lossless codecs ignore it."""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class DataStreamConfig:
    """A stream of packets of bytes, each with its time: readings of a sensor. A subtitle stream of codec "ass" in the
    file."""

    codec: str = "ass"
    """No other."""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


def named_values(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in given.items()]


def video_stream(given: VideoStreamConfig) -> _onetake.VideoStreamConfig:
    fps = given.fps[0] / given.fps[1] if isinstance(given.fps, tuple) else float(given.fps)
    return _onetake.VideoStreamConfig(
        width=given.width, height=given.height, fps=fps, codec=given.codec, bitrate=given.bitrate,
        input_pixel_format=given.input_pixel_format, output_pixel_format=given.output_pixel_format,
        stream_options=named_values(given.stream_options), metadata=named_values(given.metadata),
    )  # fmt: skip


def data_stream(given: DataStreamConfig) -> _onetake.DataStreamConfig:
    return _onetake.DataStreamConfig(codec=given.codec, metadata=named_values(given.metadata))


@dataclasses.dataclass(frozen=True)
class EncodedStreamInfo:
    """What a muxer needs to know of an encoded stream."""

    codec: str
    """libavcodec's name: "h264", "ffv1", "ass"."""
    time_scale: int
    """Ticks per second of its packets."""
    extradata: bytes
    width: int
    """Of video, pixels."""
    height: int
    pixel_format: str
    """Of video, libavutil's name."""
    metadata: dict[str, str]


@dataclasses.dataclass(frozen=True)
class EncodedPacket:
    """A packet of one stream."""

    bytes: bytes
    pts: int
    """Ticks of EncodedStreamInfo.time_scale, as the following."""
    dts: int
    duration: int
    """0: unknown."""
    key: bool
    """Can be decoded without those before."""


def _info(given: tuple[str, int, bytes, int, int, str, list[tuple[str, str]]]) -> EncodedStreamInfo:
    return EncodedStreamInfo(*given[:6], dict(given[6]))


class VideoStreamEncoder:
    """Encodes the frames of one video stream, as ChunkedWriter does, for programs that write files of their own."""

    def __init__(self, config: VideoStreamConfig) -> None:
        """Opens the encoder."""
        self._native = _onetake.VideoStreamEncoder(video_stream(config))

    def encode(self, frame: Any, timestamp_s: float, *, key: bool = False) -> list[EncodedPacket]:
        """Takes a frame, as ChunkedWriter.push() does, and returns the packets that are ready, in the order of the
        frames. A packet's pts is the tick nearest to `timestamp_s`, 0 or later. `key`: encodes it as a keyframe. Raises
        RefusedError for a timestamp that is not after the one before, which changes nothing."""
        return [EncodedPacket(*packet) for packet in self._native.encode(frame, timestamp_s, key)]

    def flush(self) -> list[EncodedPacket]:
        """The remaining packets. No frame may follow."""
        return [EncodedPacket(*packet) for packet in self._native.flush()]

    @property
    def stream(self) -> EncodedStreamInfo:
        return _info(self._native.stream())


class DataStreamEncoder:
    """Makes packets of bytes for a subtitle stream of codec "ass": unchanged, in ticks of 1 ns."""

    def __init__(self, config: DataStreamConfig | None = None) -> None:
        self._native = _onetake.DataStreamEncoder(data_stream(config or DataStreamConfig()))

    def encode(self, packet: Any, timestamp_s: float) -> list[EncodedPacket]:
        """One packet: bytes or another contiguous buffer of 1 byte to 16 MiB. A timestamp that is not after the one
        before is moved a tick after it."""
        return [EncodedPacket(*made) for made in self._native.encode(packet, timestamp_s)]

    def flush(self) -> list[EncodedPacket]:
        """There is nothing left to return. No packet may follow."""
        return [EncodedPacket(*packet) for packet in self._native.flush()]

    @property
    def stream(self) -> EncodedStreamInfo:
        return _info(self._native.stream())
