#!/usr/bin/env python3
"""Pushes frames and audio that the program makes itself, with the instants of their capture."""

import sys
import time

import numpy as np

import onetake


def main(seconds: float = 2.0) -> None:
    fps, rate = 30, 48000
    recorder = onetake.AVRecorder(source="external", fps=fps, sample_rate=rate, channels=1)
    recorder.start("pushed-{n}")
    begin = time.monotonic()
    for i in range(round(seconds * fps)):
        t = begin + i / fps
        frame = np.full((360, 640, 3), (i * 4 % 256, 128, 64), dtype=np.uint8)  # blue, green, red
        phase = (i * rate // fps + np.arange(rate // fps)) / rate
        tone = 0.1 * np.sin(2 * np.pi * 440 * phase)
        time.sleep(max(0.0, t - time.monotonic()))
        recorder.push_video(frame, t)
        recorder.push_audio(tone, t)
    result = recorder.stop()
    print(f"{result.mp4_path}: {result.metrics.frames} frames")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
