"""Recording: calls, callbacks, states, Ctrl-C."""

from __future__ import annotations

import gc
import json
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import picture, probe, pushed_take, run_python, start_python, threads, wait_until

import onetake

Make = Callable[..., onetake.AVRecorder]
TEST = {"source": "test", "width": 320, "height": 240}


def test_record_from_the_test_source(tmp_path: Path) -> None:
    result = onetake.AVRecorder(**TEST).record(0.5, "hello")
    assert result.name == "hello" and result.folder == Path("av_data/hello")
    streams = probe(result.mp4_path)
    assert streams["video"]["codec_name"] == "h264" and streams["audio"]["codec_name"] == "aac"
    assert int(streams["video"]["nb_read_packets"]) == result.metrics.frames > 10
    assert result.failures == [] and result.mp4_codec == "h264" and result.mp4_bytes == result.mp4_path.stat().st_size
    assert result.enhanced_wav_path is None
    assert np.isnan(result.metrics.retrieve_ms_mean) and result.metrics.width == 320
    assert "frames" in str(result.metrics) and result.metrics.asdict()["counters"][0]["track"] == "v1"


def test_metrics_are_all_that_the_library_has(pushing: Make) -> None:
    result = pushed_take(pushing(), "all")
    stored = json.loads(result.manifest_path.read_text())["metrics"]
    names = {"books": "counters", "books_balance": "balanced"}
    for key, value in stored.items():
        ours = getattr(result.metrics, names.get(key, key))
        if key == "books":
            assert [c.track for c in ours] == [c["track"] for c in value]
        elif value is None:
            assert ours in (0, "") or np.isnan(ours)
        else:
            assert ours == value, key
    assert result.metrics == onetake.load(result.folder).metrics or result.metrics.asdict()["fourcc"] == ""


def test_wrong_states_are_runtime_errors(pushing: Make) -> None:
    recorder = pushing()
    for call in (recorder.stop, lambda: recorder.push_video(picture()), lambda: recorder.push_audio(np.zeros(9))):
        with pytest.raises(RuntimeError):
            call()
    recorder.start("once")
    with pytest.raises(onetake.WrongStateError):
        recorder.start("twice")
    with pytest.raises(onetake.WrongStateError):
        recorder.on_event = print
    recorder.push_video(picture())
    recorder.stop(make_mp4=False)
    with pytest.raises(FileExistsError):
        recorder.start("once")
    recorder.close()
    recorder.close()
    with pytest.raises(RuntimeError):
        recorder.start("closed")


def test_with_closes_the_take() -> None:
    with onetake.AVRecorder(**TEST) as recorder:
        recorder.start("inside")
        assert recorder.is_recording()
    assert not recorder.is_recording()
    assert onetake.load("av_data/inside").complete


def test_a_collected_recorder_closes_its_take() -> None:
    recorder = onetake.AVRecorder(**TEST, on_event=print)
    recorder.start("forgotten")
    gone = weakref.ref(recorder)
    del recorder
    gc.collect()
    assert gone() is None
    assert onetake.load("av_data/forgotten").complete


def test_a_recorder_in_a_cycle_with_its_callback_is_collected() -> None:
    recorder = onetake.AVRecorder(**TEST)
    recorder.on_progress = lambda progress: recorder.request_stop()
    gone = weakref.ref(recorder)
    del recorder
    gc.collect()
    assert gone() is None


def test_process_later_and_by_folder(pushing: Make) -> None:
    result = pushed_take(pushing(), "later")
    assert result.mp4_path is None
    rendered = onetake.process(result.folder)
    assert int(probe(rendered.mp4_path)["video"]["nb_read_packets"]) == 10
    with pytest.raises(FileNotFoundError):
        onetake.process("av_data/absent")


def test_request_stop_ends_record_early() -> None:
    recorder = onetake.AVRecorder(**TEST)
    threading.Thread(target=lambda: (wait_until(recorder.is_recording), recorder.request_stop())).start()
    assert recorder.record(600, "short", make_mp4=False).metrics.duration_s < 500
    assert recorder.last_result is not None and recorder.last_result.name == "short"


def test_a_call_beside_another_is_refused() -> None:
    recorder = onetake.AVRecorder(**TEST)
    ended: list[onetake.TakeResult] = []
    thread = threading.Thread(target=lambda: ended.append(recorder.record(600, "busy", make_mp4=False)))
    thread.start()
    wait_until(recorder.is_recording)
    for call in (recorder.stop, recorder.close, lambda: recorder.start("other"), lambda: recorder.process("x")):
        with pytest.raises(RuntimeError, match="another thread"):
            call()
    recorder.request_stop()
    thread.join()
    assert ended[0].metrics.frames > 0


def test_blocking_calls_let_other_threads_run() -> None:
    recorder = onetake.AVRecorder(**TEST)
    turns = 0
    ended = threading.Event()

    def count() -> None:
        nonlocal turns
        while not ended.is_set():
            turns += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    recorder.record(0.3, "free")
    ended.set()
    thread.join()
    assert turns > 20


def test_callbacks_come_on_one_thread_in_order_and_before_stop_returns() -> None:
    seen: list[tuple[int, Any]] = []

    def note(what: Any) -> None:
        seen.append((threading.get_ident(), what))

    recorder = onetake.AVRecorder(**TEST, on_event=note, on_progress=note)
    recorder.record(0.7, "watched")
    other = onetake.AVRecorder(**TEST, on_progress=note)
    other.record(0.7, "watched-too", make_mp4=False)
    progress = [p for _, p in seen if isinstance(p, onetake.Progress)]
    assert len({thread for thread, _ in seen}) == 1 and seen[0][0] != threading.get_ident()
    assert {p.phase for p in progress} == {onetake.Phase.RECORDING, onetake.Phase.RENDERING}
    frames = [p.frames for p in progress if p.phase == "recording"]
    assert frames[0] > 0
    before = len(seen)
    time.sleep(0)
    assert len(seen) == before


def test_events_are_delivered(pushing: Make) -> None:
    events: list[onetake.Event] = []
    recorder = pushing(on_event=events.append, on_full="drop", queue_size=1, workers=1, audio=False)
    recorder.start("lossy")
    image = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), dtype=np.uint8)
    for _ in range(30):
        recorder.push_video(image)
    result = recorder.stop(make_mp4=False)
    lost = [event for event in events if event.kind is onetake.EventKind.LOSS]
    assert sum(event.count for event in lost) == result.metrics.dropped > 0
    assert lost[0].track == "v1" and lost[0].text
    take = onetake.load(result.folder)
    assert sum(event.count for event in take.losses) == result.metrics.dropped
    assert result.metrics.lossy and result.metrics.balanced


def test_an_exception_in_a_callback_goes_to_the_unraisable_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[tuple[type, object]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: raised.append((args.exc_type, args.object)))

    def fail(progress: onetake.Progress) -> None:
        raise KeyError(progress.phase)

    result = onetake.AVRecorder(**TEST, on_progress=fail).record(0.7, "unharmed")
    assert raised and {kind for kind, _ in raised} == {KeyError} and raised[0][1] is fail
    assert result.metrics.balanced and result.mp4_path is not None


def test_a_callback_may_push_and_stop(pushing: Make) -> None:
    recorder = onetake.AVRecorder(**TEST)
    results: list[Any] = []

    def stop(progress: onetake.Progress) -> None:
        if progress.phase == "recording" and not results:
            results.append(recorder.stop(make_mp4=False))

    recorder.on_progress = stop
    recorder.start("stopped-inside")
    wait_until(lambda: bool(results))
    assert results[0].metrics.frames > 0 and not recorder.is_recording()


CTRL_C = """
import signal, sys, onetake
rec = onetake.AVRecorder(source="test", width=320, height=240)
rec.on_progress = lambda p: print(p.phase, flush=True)
try:
    rec.record(600, "interrupted")
except KeyboardInterrupt:
    print("KeyboardInterrupt", rec.last_result.metrics.frames, rec.last_result.mp4_path, flush=True)
"""


def test_ctrl_c_closes_and_renders_the_take(tmp_path: Path) -> None:
    program = start_python(CTRL_C)
    assert program.stdout is not None and program.stdout.readline().strip() == "recording"
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    line = out.splitlines()[-1].split()
    assert line[0] == "KeyboardInterrupt" and int(line[1]) > 0 and err == ""
    take = onetake.load("av_data/interrupted")
    assert take.complete and len(take.video[0]) == int(line[1])
    assert int(probe(Path(line[2]))["video"]["nb_read_packets"]) == int(line[1])


def test_a_handler_that_does_not_raise_lets_record_go_on() -> None:
    code = """
import os, signal, threading, onetake
rec = onetake.AVRecorder(source="test", width=320, height=240)
signal.signal(signal.SIGTERM, lambda *_: (print("handled"), rec.request_stop()))
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
print(rec.record(600, "handled", make_mp4=False).metrics.duration_s < 500)
"""
    done = run_python(code)
    assert done.stdout.split() == ["handled", "True"], done.stderr


def test_threads_and_descriptors_are_given_back(pushing: Make) -> None:
    pushed_take(pushing(), "first")
    before = threads()
    for i in range(3):
        recorder = pushing()
        pushed_take(recorder, f"more-{i}")
        recorder.close()
    assert threads() == before


def test_devices_and_capabilities() -> None:
    assert all(isinstance(device, onetake.VideoDevice) for device in onetake.list_video_devices())
    names = {c.name: c.found for c in onetake.capabilities()}
    assert names["turbojpeg"] and "libx264" in names
    assert onetake.__version__ == "0.1.0"


def test_a_missing_camera_is_said() -> None:
    with pytest.raises(OSError, match="/dev/video63"):
        onetake.AVRecorder(video_device="/dev/video63", audio=False).start("none")
