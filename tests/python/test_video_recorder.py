"""VideoRecorder, VideoChannel and MockVideoRecorder; files are judged by ffprobe."""

from __future__ import annotations

import json
import math
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import onetake
import pytest

RED = np.zeros((120, 160, 3), np.uint8)
RED[..., 2] = 255


def times(path: Path) -> list[float]:
    seen = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "frame=pts_time", "-of", "json", str(path)],
        capture_output=True, check=True)  # fmt: skip
    return [float(frame["pts_time"]) for frame in json.loads(seen.stdout)["frames"]]


def test_keeps_the_frames_times(tmp_path: Path) -> None:
    start = time.monotonic()
    stamps = [0.0, 0.04, 0.1, 0.5]
    with onetake.VideoRecorder(storage=tmp_path, on_full="block") as recorder:
        handle = recorder.start("s")
        for stamp in stamps:
            recorder.tap_frame(handle, RED, t=start + stamp)
        result = recorder.stop(handle)
    assert result.frames == result.tapped == 4 and not result.failures and result.take is None
    assert result.path is not None and (result.width, result.height) == (160, 120)
    assert times(result.path) == pytest.approx(stamps, abs=12e-6)
    assert [p.name for p in tmp_path.iterdir()] == [result.path.name]


def test_takes_arrays_of_any_strides_and_formats(tmp_path: Path) -> None:
    with onetake.VideoRecorder(storage=tmp_path, on_full="block") as recorder:
        for frame, given in [
            (RED[::-1], "bgr"),
            (np.asfortranarray(RED), "bgr"),
            (RED[..., ::-1], "rgb"),
            (RED[..., 2].copy(), "gray"),
        ]:
            handle = recorder.start("s")
            recorder.tap_frame(handle, frame, format=given)
            recorder.tap_frame(handle, frame, format=given, copy=False)
            assert recorder.stop(handle).frames == 2
        handle = recorder.start("s")
        recorder.tap_frame(handle, b"not decoded", format="vp8")
        result = recorder.stop(handle)
        assert (result.skipped, result.frames, result.path) == (1, 0, None)
        with pytest.raises(onetake.InvalidArgumentError):
            recorder.tap_frame(recorder.start("s"), RED.astype(np.float32))


def test_refuses_and_counts(tmp_path: Path) -> None:
    recorder = onetake.VideoRecorder(storage=tmp_path)
    handle = recorder.start("s")
    now = time.monotonic()
    recorder.tap_frame(handle, RED, t=now)
    with pytest.raises(onetake.RefusedError):
        recorder.tap_frame(handle, RED, t=now)
    with pytest.raises(onetake.RefusedError):
        recorder.tap_frame(handle, RED, t=math.nan)
    (result,) = recorder.close()
    assert (result.frames, result.refused, result.tapped) == (1, 2, 3)
    with pytest.raises(onetake.NotFoundError):
        recorder.tap_frame(handle, RED)
    with pytest.raises(onetake.WrongStateError):
        recorder.start("s")
    with pytest.raises(onetake.MissingPartError):
        onetake.VideoRecorder(storage=tmp_path, codec="no_such_encoder").start("s")
    with pytest.raises(ValueError):
        onetake.VideoRecorder(storage=tmp_path, fps=-1)


def test_many_sessions_at_once(tmp_path: Path) -> None:
    recorder = onetake.VideoRecorder(storage=tmp_path, on_full="block", fps=30)
    results: dict[int, onetake.VideoRecordingResult] = {}

    def record(n: int) -> None:
        handle = recorder.start(f"session {n}")
        for _ in range(10 + n):
            recorder.tap_frame(handle, RED)
        results[n] = recorder.stop(handle)

    threads = [threading.Thread(target=record, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: r.frames for n, r in results.items()} == {n: 10 + n for n in range(4)}
    assert len({r.path for r in results.values()}) == 4


def test_records_the_test_source_and_recovers(tmp_path: Path) -> None:
    recorder = onetake.VideoRecorder(storage=tmp_path, format="mkv", keep_take=True)
    result = recorder.record("s", 0.4, source="test", width=160, height=120, fps=30)
    assert result.frames > 3 and result.path is not None and result.path.suffix == ".mkv"
    result.path.unlink()
    (recovered,) = onetake.recover_recordings(tmp_path)
    assert recovered.path == result.path and not recovered.failures
    assert len(times(result.path)) == result.frames


def test_a_channel_records_from_bind_to_unbind(tmp_path: Path) -> None:
    mock = onetake.MockVideoRecorder()
    channel = onetake.VideoChannel(onetake.VideoRecorder(storage=tmp_path, on_full="block"))
    channel.add_recorder(mock)
    channel.push(RED)
    channel.bind("one")
    with pytest.raises(onetake.WrongStateError):
        channel.bind("two")
    channel.push(RED)
    channel.push(RED)
    results = channel.unbind()
    assert [r.frames for r in results] == [2, 2] and not channel.is_bound
    assert len(mock.frames) == 2 and np.array_equal(mock.frames[0][1], RED)
    assert channel.unbind() == []
