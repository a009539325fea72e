"""What the Python benchmarks share: frames, rounds, and a table like that of the C++ programs."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT, QUALITY = 1280, 720, 90


def synthetic_frames(count: int) -> list[np.ndarray]:
    """BGR frames of about 120 kB at quality 90: shades, edges, a slow pan, and new grain in each."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    frames = []
    for i in range(count):
        shade = 128 + 60 * np.sin((x + 6 * i) / 90) + 40 * np.cos(y / 70)
        edges = 40.0 * (((x + 6 * i) // 80 + y // 60) % 2)
        image = np.stack([shade, shade - edges, shade * 0.7 + edges], axis=2)
        image += random.normal(0, 3, image.shape)
        frames.append(np.clip(image, 0, 255).astype(np.uint8))
    return frames


def jpeg_of(image: np.ndarray) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    return cv2.imencode(".jpg", image, options)[1].tobytes()


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder in TMPDIR, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="onetake-bench-") as folder:
        yield Path(folder)


def alternately(rounds: int, *measures: Callable[[], float]) -> list[list[float]]:
    """The figures of each measure, taken in turn, so that a busy machine slows all; a first round is left out."""
    for measure in measures:
        measure()
    figures: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for values, measure in zip(figures, measures, strict=True):
            values.append(measure())
    return figures


def ratios(a: list[float], b: list[float]) -> list[float]:
    return [x / y for x, y in zip(a, b, strict=True)]


def report(name: str, values: list[float], unit: str, target: str = "") -> None:
    """A row: median and quartiles; a JSON object with --json."""
    low, middle, high = statistics.quantiles(values, n=4)
    if "--json" in sys.argv[1:]:
        print(json.dumps({"figure": name, "median": middle, "quartiles": [low, high], "unit": unit, "target": target}))
    else:
        print(f"{name:<58} {middle:9.3f} {unit:<9} {f'{low:.3f} to {high:.3f}':>23} {target}", flush=True)
