"""Joining Matroska files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import probe

import onetake


def part(name: str, hue: int, start_ms: int | None = None) -> Path:
    tags = [] if start_ms is None else [
        "-metadata", "ONETAKE_RECORDING=rig-1", "-metadata", f"ONETAKE_CHUNK_START_MS={start_ms}",
    ]  # fmt: skip
    Path(name).parent.mkdir(exist_ok=True)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size=160x120:rate=25:duration=1,hue=h={hue}",
         "-c:v", "mpeg4", *tags, name], check=True,
    )  # fmt: skip
    return Path(name)


def packets(path: Path) -> list[list[str]]:
    """Time and checksum of every packet, by ffprobe."""
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time,data_hash", "-show_data_hash", "md5", "-of",
         "csv=p=0", str(path)], check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [line.split(",") for line in out.split()]


def test_files_follow_each_other() -> None:
    parts = [part("a.mkv", 0), part("b.mkv", 90)]
    merged = onetake.merge_stream_files(parts, "ab.mkv")
    assert merged.path.name == "ab.mkv" and merged.parts == [p.absolute() for p in parts] or merged.parts == parts
    assert [(s.kind, s.codec, s.packets) for s in merged.streams] == [("video", "mpeg4", 50)]
    assert abs(merged.duration_s - 2) < 0.05 and merged.bytes == Path("ab.mkv").stat().st_size
    a, b, both = packets(parts[0]), packets(parts[1]), packets(Path("ab.mkv"))
    assert [p[1] for p in both] == [p[1] for p in a + b]
    assert float(both[25][0]) == 1.0 and probe(Path("ab.mkv"))["video"]["codec_name"] == "mpeg4"
    with pytest.raises(FileExistsError):
        onetake.merge_stream_files(parts, "ab.mkv")
    assert onetake.merge_stream_files(parts[:1], "ab.mkv", replace=True).streams[0].packets == 25


def test_chunks_lie_at_their_places() -> None:
    part("rig/00002.mkv", 90, 3000)
    part("rig/00001.mkv", 0, 0)
    merged = onetake.merge_recording_chunks("rig", "rig.mkv", remove_chunks=True)
    assert [p.name for p in merged.parts] == ["00001.mkv", "00002.mkv"]
    times = [float(p[0]) for p in packets(merged.path)]
    assert len(times) == 50 and times[25] == 3.0
    assert list(Path("rig").iterdir()) == []


def test_errors() -> None:
    with pytest.raises(FileNotFoundError):
        onetake.merge_recording_chunks("nowhere", "out.mkv")
    with pytest.raises(ValueError, match="mkv"):
        onetake.merge_stream_files([part("a.mkv", 0)], "out.mp4")
    with pytest.raises(FileNotFoundError, match=r"absent\.mkv"):
        onetake.merge_stream_files(["a.mkv", "absent.mkv"], "out.mkv")
    assert not Path("out.mkv").exists()
