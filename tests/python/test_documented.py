"""The documented programs of av_recorder, as they stand, with the test source where they open devices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av_recorder
import cv2
import numpy as np
import pytest
from conftest import picture
from documented_blocks import BLOCKS

@pytest.mark.parametrize("name", BLOCKS)
def test_block(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    make: Callable[..., None] = av_recorder.AVRecorder.__init__
    record = av_recorder.AVRecorder.record
    monkeypatch.setattr(
        av_recorder.AVRecorder, "__init__", lambda self, **given: make(self, **{"source": "test", **given})
    )
    monkeypatch.setattr(
        av_recorder.AVRecorder, "record", lambda self, duration, *args, **given: record(self, 0.2, *args, **given)
    )
    begin = time.monotonic()
    given: dict[str, Any] = {
        "stamps": [begin - 1 + i / 30 for i in range(5)],
        "bgr_ndarray": picture(),
        "jpeg_bytes": cv2.imencode(".jpg", picture())[1].tobytes(),
        "int16_or_float": np.zeros(1600, np.int16),
    }
    exec(BLOCKS[name], given)
    result = given["result"]
    assert isinstance(result, av_recorder.RecordingResult)
    assert isinstance(result.metrics, av_recorder.BenchmarkMetrics)
    for path in (result.frames_dir, result.wav_path, result.manifest_path):
        assert isinstance(path, Path) and path.exists()
    assert result.mp4_path is None or result.mp4_path.exists()
    assert result.enhanced_wav_path is None
    assert "duration_s" in str(result.metrics) and result.metrics.balanced
