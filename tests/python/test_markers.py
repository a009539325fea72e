"""Data tracks and markers."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from conftest import picture, run_python, wait_until

import onetake

Make = Callable[..., onetake.AVRecorder]


def test_packets_are_stored_unchanged_with_their_stamps(pushing: Make) -> None:
    recorder = pushing(audio=False, data_tracks=[onetake.DataTrackConfig("imu"), onetake.DataTrackConfig("gaze")])
    recorder.start("sensors")
    recorder.push_video(picture())
    begin = time.monotonic()
    packets = [b"one", bytearray(b"two"), np.arange(5, dtype=np.float64), memoryview(b"four")]
    for i, packet in enumerate(packets):
        recorder.push_data(packet, begin + i / 100)
    recorder.push_data(b"other", track=1)
    for wrong in (np.arange(10)[::2], b"", None, 5):
        with pytest.raises(ValueError):
            recorder.push_data(wrong)
    result = recorder.stop(make_mp4=False)
    take = onetake.load(result.folder)
    imu, gaze = take.data
    assert imu[:] == [bytes(p) for p in packets] and gaze[-1] == b"other" and list(gaze) == [b"other"]
    assert imu.name == "imu" and len(imu) == 4
    assert np.abs(imu.times - np.array([round((begin + i / 100) * 1e9) for i in range(4)])).max() <= 16
    with pytest.raises(IndexError):
        imu[4]
    assert onetake.check(result.folder).packets == 5 and onetake.list_takes()[0].packets == 5


def test_markers_of_this_and_of_another_process(
    pushing: Make, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    recorder = pushing(audio=False)
    with pytest.raises(RuntimeError):
        recorder.mark("too early")
    recorder.start("marked")
    recorder.push_video(picture())
    t = time.monotonic()
    recorder.mark("stimulus \u2460", t)
    done = run_python("import onetake; onetake.mark_take('av_data/marked', 'from outside')")
    assert done.returncode == 0, done.stderr
    with pytest.raises(ValueError):
        recorder.mark("")
    take = onetake.load("av_data/marked")
    wait_until(lambda: (take.refresh(), len(take.markers) == 2)[1])
    assert [marker.text for marker in take.markers] == ["stimulus \u2460", "from outside"]
    assert abs(take.markers[0].t_ns - round(t * 1e9)) <= 16
    recorder.stop(make_mp4=False)
    with pytest.raises(onetake.Error):
        onetake.mark_take("av_data/marked", "too late")
