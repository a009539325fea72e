"""What the tests share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import onetake


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def picture(index: int = 0, width: int = 64, height: int = 48) -> np.ndarray:
    """A BGR image that tells its index: three flat bands, whose colours JPEG keeps to within a few steps."""
    image = np.empty((height, width, 3), dtype=np.uint8)
    image[: height // 3] = (index * 8 % 256, 40, 200)
    image[height // 3 : 2 * height // 3] = (200, index * 8 % 256, 40)
    image[2 * height // 3 :] = (40, 200, index * 8 % 256)
    return image


def same_picture(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and float(np.abs(a.astype(int) - b.astype(int)).mean()) < 4


@pytest.fixture
def pushing() -> Iterator[Callable[..., onetake.AVRecorder]]:
    """Makes recorders of pushed media, which are closed afterwards."""
    made: list[onetake.AVRecorder] = []

    def make(**settings: Any) -> onetake.AVRecorder:
        given = {"source": "external", "fps": 25, "on_full": "block", "instant_mp4": False, **settings}
        made.append(onetake.AVRecorder(**given))
        return made[-1]

    yield make
    for recorder in made:
        recorder.close()


def pushed_take(recorder: Any, name: str, frames: int = 10, **stop: Any) -> Any:
    """A take of `frames` pictures at 25 per second with a ramp as audio (48 kHz), ended."""
    recorder.start(name)
    begin = time.monotonic()
    for i in range(frames):
        recorder.push_video(picture(i), t=begin + i / 25)
        recorder.push_audio(np.arange(i * 1920, (i + 1) * 1920, dtype=np.int64).astype(np.int16), t=begin + i / 25)
    return recorder.stop(**{"make_mp4": False, "enhance": False, **stop})


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file, its packets counted."""
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    streams = json.loads(out.stdout)["streams"]
    return {stream["codec_type"]: stream for stream in streams}


def run_python(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a program in another interpreter."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, timeout=120, **options,
    )  # fmt: skip


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_until(condition: Callable[[], bool], limit_s: float = 100) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.01)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def threads() -> int:
    return len(os.listdir("/proc/self/task"))

