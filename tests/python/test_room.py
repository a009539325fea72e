"""Rooms; files are judged by ffprobe."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import onetake
import pytest


def image(value: int, width: int = 160, height: int = 120) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def fill(room: onetake.Room, seconds: float = 2.0) -> float:
    """Two participants with camera and microphone; returns the first stamp."""
    begin = time.monotonic() - seconds
    tracks = {
        who: (room.join(who, "video", fps=20), room.join(who, "audio", sample_rate=16000)) for who in ("Alice", "Bob")
    }
    for i in range(int(seconds * 20)):
        for camera, microphone in tracks.values():
            room.push_video(camera, image(i * 5 % 256), t=begin + i / 20)
            room.push_audio(microphone, np.full(800, 0.1, np.float32), t=begin + i / 20)
    return begin


def streams(path: str) -> list[dict[str, Any]]:
    seen = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", path],
        capture_output=True, check=True)  # fmt: skip
    found: list[dict[str, Any]] = json.loads(seen.stdout)["streams"]
    return found


def test_tracks_of_one_file(tmp_path: Path) -> None:
    with onetake.Room("r", on_full="block") as room:
        room.bind(onetake.FileMediaRecorder(storage=tmp_path, layout="tracks", on_full="block"))
        fill(room)
        (result,) = room.close()
    made = result.recording
    assert result.returned and not result.errors and not result.losses and not made.failures
    assert sorted((t.participant, t.media) for t in made.tracks) == [
        ("Alice", "audio"), ("Alice", "video"), ("Bob", "audio"), ("Bob", "video"),
    ]  # fmt: skip
    for track in made.tracks:
        assert track.delivered == track.written == (40 if track.media == "video" else 32000)
        assert len(track.intervals) == 1 and not track.gaps and not track.errors
    found = streams(made.path)
    assert [s["codec_type"] for s in found].count("video") == 2 and len(found) == 4
    assert [int(s["nb_read_packets"]) for s in found if s["codec_type"] == "video"] == [40, 40]
    assert made.size_bytes == Path(made.path).stat().st_size and abs(made.duration_s - 2) < 0.1
    assert [p.name for p in tmp_path.iterdir()] == [Path(made.path).name]


def test_several_recorders_and_one_of_ones_own(tmp_path: Path) -> None:
    threads = set()

    class Own(onetake.MediaRecorder):
        name = "own"

        def on_data(self, handle: Any, track: onetake.RecordingTrack, data: Any, timestamp_ms: float) -> None:
            threads.add(threading.get_ident())
            if track.participant == "Bob":
                raise ValueError("no Bob")

    mock = onetake.MockMediaRecorder()
    sessions = onetake.VideoSessionRecorder(onetake.VideoRecorder(storage=tmp_path / "videos", on_full="block"))
    with onetake.Room(on_full="block") as room:
        room.bind(mock, onetake.ChannelRecordingConfig(video=False))
        room.bind(Own())
        room.bind(onetake.WavFileRecorder(tmp_path / "wavs"), name="layer")
        room.bind(sessions)
        begin = fill(room, 1.0)
    results = {r.name: r for r in room.close()}
    assert set(results) == {"mock", "own", "layer", "video"}
    assert {t.media for t in mock.tracks} == {"audio"} and len(mock.removed_tracks) == 2
    assert all(data.shape == (800, 1) and data.dtype == np.int16 for _, data, _ in mock.chunks)
    assert mock.chunks[0][1][0, 0] == 3277 and mock.chunks[0][2] == pytest.approx(begin * 1000, abs=1e-3)
    assert mock.results[0].size_bytes == results["mock"].recording.size_bytes == 2 * 16000 * 2
    assert {(loss.participant, loss.media, loss.failed) for loss in results["own"].losses} == {
        ("Bob", "audio", 20), ("Bob", "video", 20),
    }  # fmt: skip
    assert any("no Bob" in error for error in results["own"].errors)
    assert len(threads) == 1 and threading.get_ident() not in threads
    wavs = sorted((tmp_path / "wavs").iterdir())
    assert [p.name[:3] for p in wavs] == ["Ali", "Bob"]
    with wave.open(str(wavs[0])) as wav:
        assert (wav.getframerate(), wav.getnframes()) == (16000, 16000)
    assert [r.frames for r in sessions.results] == [20, 20]


def test_frames_as_a_recorder_of_ones_own_gets_them() -> None:
    mock = onetake.MockMediaRecorder()
    with onetake.Room(on_full="block") as room:
        room.bind(mock)
        track = room.join("A", "screen_share")
        t = time.monotonic()
        ramp = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(4, 6, 3)
        for i, (frame, given) in enumerate([(ramp, "bgr"), (ramp[:, ::-1], "rgb"), (ramp[..., 0], "gray")]):
            room.push_video(track, frame, t + i, format=given)
        room.push_video(track, np.zeros((6, 4), np.uint8), t + 9, format="i420")
        with pytest.raises(onetake.Error):
            room.push_audio(track, np.zeros(10, np.int16))
        room.leave(track)
        with pytest.raises(onetake.NotFoundError):
            room.push_video(track, ramp)
        with pytest.raises(ValueError, match="smell"):
            room.join("A", "smell")
    (bgr, rgb, gray, i420) = [data for _, data, _ in mock.chunks]
    assert (bgr == ramp).all() and (rgb == ramp[:, ::-1]).all() and (gray == ramp[..., 0]).all()
    assert i420.shape == (24,) and [t.format for t, _, _ in mock.chunks][3] == "raw_i420"
    assert mock.chunks[0][0].participant == "A" and (mock.chunks[0][0].width, mock.chunks[0][0].height) == (6, 4)


def test_a_room_is_closed_when_the_interpreter_ends(tmp_path: Path) -> None:
    import sys

    code = """
import time, numpy as np, onetake
room = onetake.Room(); room.bind(onetake.FileMediaRecorder(storage=".", layout="tracks"))
track = room.join("A"); t = time.monotonic() - 1
for i in range(10): room.push_video(track, np.zeros((48, 64, 3), np.uint8), t + i / 10)
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    (made,) = tmp_path.glob("*.mp4")
    assert int(streams(str(made))[0]["nb_read_packets"]) == 10
