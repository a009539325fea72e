"""The end of a process, and fork, with a take running."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from conftest import run_python, start_python

import onetake

START = """
import os, signal, sys, time
import numpy as np
import onetake
rec = onetake.AVRecorder(source="external", fps=25, on_event=lambda e: None)
rec.start("running")
for i in range(10):
    rec.push_video(np.full((48, 64, 3), i * 10, np.uint8))
    rec.push_audio(np.zeros(1920, np.int16))
"""


@pytest.mark.parametrize(
    "end",
    [
        "",  # the end of the program
        "sys.exit(0)",
        "raise ValueError('unhandled')",
        "del onetake, np",
        "import threading; threading.Thread(target=lambda: time.sleep(0.1)).start()",
        "rec.self = rec; rec.on = lambda: rec",  # in a cycle
    ],
)
def test_the_interpreter_s_end_closes_the_take(end: str) -> None:
    done = run_python(START + end)
    assert done.returncode == (1 if "raise" in end else 0), done.stderr
    assert "unhandled" in done.stderr if "raise" in end else "Exception" not in done.stderr
    report = onetake.check("av_data/running")
    assert report.closed and report.whole and report.frames == 10


def test_the_end_closes_a_record_in_a_daemon_thread() -> None:
    code = """
import threading, time, onetake
rec = onetake.AVRecorder(source="test", width=320, height=240)
threading.Thread(target=rec.record, args=(600, "daemon"), daemon=True).start()
while not rec.is_recording():
    time.sleep(0.01)
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert onetake.load("av_data/daemon").complete


@pytest.mark.parametrize("end", ["os._exit(7)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_killed_process_leaves_a_take_that_recovers(end: str) -> None:
    wait = """
while len(onetake.load("av_data/running").video[0]) < 10:
    time.sleep(0.01)
"""
    done = run_python(START + wait + end)
    assert done.returncode in (7, -signal.SIGKILL)
    assert onetake.check("av_data/running").needs_recovery
    report = onetake.recover("av_data/running")
    assert report.frames == 10 and report.closed and not report.needs_recovery and report.steps
    assert onetake.recover("av_data/running").steps == []
    assert onetake.process("av_data/running").metrics.frames == 10


FORK = START + """
child = os.fork()
if child == 0:
    import gc
    refused = 0
    for call in (lambda: rec.push_video(np.zeros((48, 64, 3), np.uint8)), lambda: rec.push_audio(np.zeros(9)), rec.stop,
                 rec.is_recording, lambda: rec.start("child"), rec.close, rec.request_stop, lambda: rec.process("x")):
        try:
            call()
        except RuntimeError as error:
            refused += "fork" in str(error)
    del rec
    gc.collect()
    fresh = onetake.AVRecorder(source="external", fps=25)  # one of its own works
    fresh.start("child")
    fresh.push_video(np.zeros((48, 64, 3), np.uint8))
    fresh.stop(make_mp4=False)
    print(refused, flush=True)
    END
"""


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)"])
def test_a_forked_child_s_calls_raise_and_harm_nothing(end: str) -> None:
    done = run_python(FORK.replace("END", end) + """
os.waitpid(child, 0)
for i in range(10):
    rec.push_video(np.full((48, 64, 3), i * 10, np.uint8))
print(rec.stop(make_mp4=True).metrics.frames)
""")
    assert done.stdout.split() == ["8", "20"], done.stderr
    assert onetake.check("av_data/running", "processed_av").whole
    assert onetake.check("av_data/child").whole


def test_a_forked_child_does_not_hold_the_take_s_lock() -> None:
    waiting = FORK.replace("END", "sys.stdin.read(); os._exit(0)")
    program = start_python(waiting + "os.wait3(os.WNOHANG); time.sleep(600)")
    assert program.stdout is not None
    assert program.stdout.readline().strip() == "8"  # the child is there, and waits for its standard input to end
    program.send_signal(signal.SIGKILL)
    program.wait()
    report = onetake.check("av_data/running")
    assert not report.recording and report.needs_recovery
    assert onetake.recover("av_data/running").closed
    assert program.stdin is not None
    program.stdin.close()


def test_takes_can_be_read_in_forked_and_spawned_processes() -> None:
    code = START + """
import multiprocessing
rec.stop(make_mp4=False)
take = onetake.load("av_data/running")
def mean(i):
    return round(float(take.video[0].frames[i].mean()))
def mean_of(take, i):
    return round(float(take.video[0].frames[i].mean()))
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(mean, range(0, 10, 3)))
    import pickle
    print(mean_of(pickle.loads(pickle.dumps(take)), 3))
    print(sum(1 for _ in take.video[0].frames))
"""
    done = run_python(code)
    assert done.stdout.splitlines() == ["[0, 30, 60, 90]", "30", "10"], done.stderr


def test_importing_starts_nothing(tmp_path: Path) -> None:
    done = run_python("import onetake, os, threading; print(len(os.listdir('/proc/self/task')), os.listdir('.'))")
    threads, files = done.stdout.strip().split(" ", 1)
    numpys = run_python("import numpy, os; print(len(os.listdir('/proc/self/task')))")
    assert files == "[]" and int(threads) == int(numpys.stdout)
