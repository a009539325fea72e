#!/usr/bin/env python3
"""Cost of pushing and storing from Python: the calling thread's time, four threads beside the same in C++, and JPEG
capture beside cv2.imencode() with file writes.

    python_push_bench.py BUILD_BENCH_FOLDER [--json]
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from python_measure import QUALITY, alternately, jpeg_of, ratios, report, synthetic_frames, work_folder

import onetake

ROUNDS = 9
FRAMES = 90
CAPTURED = 240
numbers = itertools.count()


def recording(folder: Path, tracks: int = 1, **settings: Any) -> onetake.AVRecorder:
    recorder = onetake.AVRecorder(
        video_tracks=[onetake.VideoTrackConfig(source="external") for _ in range(tracks)],
        audio_tracks=[], instant_mp4=False, on_full="block", queue_size=16, quality=QUALITY,
        data_dir=folder / "takes", **settings,
    )  # fmt: skip
    recorder.start(str(next(numbers)))
    return recorder


def call_ms(push: Callable[[np.ndarray], object], frames: list[np.ndarray], pause_s: float) -> float:
    """The median time of a call, which comes as seldom as a camera's frames, so that the queue stays short. CPU time
    of the calling thread."""
    times = []
    for image in frames:
        begin = time.thread_time()
        push(image)
        times.append(time.thread_time() - begin)
        time.sleep(pause_s)
    return float(np.median(times)) * 1e3


def calling_thread(folder: Path, frames: list[np.ndarray]) -> None:
    recorder = recording(folder)
    kept = np.empty_like(frames[0])
    copying, lending, plain = alternately(
        ROUNDS,
        lambda: call_ms(recorder.push_video, frames, 0.02),
        lambda: call_ms(lambda image: recorder.push_video(image, copy=False), frames, 0.02),
        lambda: call_ms(lambda image: np.copyto(kept, image), frames, 0.02),
    )
    recorder.stop(make_mp4=False)
    report("push_video of 720p BGR, calling thread", copying, "ms", "<= 0.15")
    report("push_video / numpy.copyto of the same frame", ratios(copying, plain), "")
    report("push_video with copy=False, calling thread", lending, "ms")


def four_threads(folder: Path, program: Path, what: str, payloads: list[Any]) -> None:
    files = folder / f"frames-{what}"
    files.write_bytes(b"".join(bytes(p) for p in payloads))
    sizes = [str(len(bytes(p))) for p in payloads]
    frames = FRAMES if what == "bgr" else 20 * FRAMES

    def in_python() -> float:
        recorder = recording(folder, tracks=4)

        def push(track: int, count: int) -> None:
            for i in range(count):
                recorder.push_video(payloads[i % len(payloads)], track=track)

        def together(count: int) -> float:
            threads = [threading.Thread(target=push, args=(track, count)) for track in range(4)]
            begin = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return 4 * count / (time.perf_counter() - begin)

        together(8)
        rate = together(frames)
        recorder.stop(make_mp4=False)
        return rate

    def in_cpp() -> float:
        done = subprocess.run(
            [program, folder / "takes", str(next(numbers)), what, str(frames), files, *sizes],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return float(done.stdout)

    python, cpp = alternately(ROUNDS, in_python, in_cpp)
    report(f"four threads pushing {what}, Python", python, "frames/s")
    report(f"four threads pushing {what}, Python / C++", ratios(python, cpp), "", ">= 0.95")


def beside_opencv(folder: Path, frames: list[np.ndarray]) -> None:
    cv2.setNumThreads(1)
    stored = folder / "opencv"
    stored.mkdir()

    cpu: dict[str, list[float]] = {"opencv": [], "onetake": []}  # seconds per frame

    def by_opencv() -> float:
        begin, used = time.perf_counter(), time.process_time()
        for i in range(CAPTURED):
            (stored / f"f_{i:06}.jpg").write_bytes(jpeg_of(frames[i % len(frames)]))
        cpu["opencv"].append((time.process_time() - used) / CAPTURED)
        return CAPTURED / (time.perf_counter() - begin)

    def by_onetake(workers: int) -> float:
        recorder = recording(folder, workers=workers)
        begin, used = time.perf_counter(), time.process_time()
        for i in range(CAPTURED):
            recorder.push_video(frames[i % len(frames)])
        result = recorder.stop(make_mp4=False)
        rate = CAPTURED / (time.perf_counter() - begin)
        if workers == 1:
            cpu["onetake"].append((time.process_time() - used) / CAPTURED)
        assert result.metrics.frames == CAPTURED
        return rate

    opencv, one, two = alternately(ROUNDS, by_opencv, lambda: by_onetake(1), lambda: by_onetake(2))
    report("cv2.imencode and file writes from Python", opencv, "frames/s")
    report("JPEG capture with 1 worker / cv2.imencode and writes", ratios(one, opencv), "", ">= 1")
    report("JPEG capture with 2 workers / cv2.imencode and writes", ratios(two, opencv), "", ">= 1.6")
    report("the same, CPU per frame, 1 worker / cv2.imencode", ratios(cpu["onetake"], cpu["opencv"])[1:], "", "<= 1")


def main(build: Path) -> None:
    frames = synthetic_frames(16)
    with work_folder() as folder:
        calling_thread(folder, frames)
        four_threads(folder, build / "push_threads", "bgr", frames)
        four_threads(folder, build / "push_threads", "jpeg", [jpeg_of(image) for image in frames])
        beside_opencv(folder, frames)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
