"""Many takes in one process: nothing is held that grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_memory_threads_and_descriptors_stay_flat() -> None:
    takes = os.environ.get("ONETAKE_TEST_TAKES", "100")
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "."
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("many_takes.py")), takes, folder],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    first, last = report[len(report) // 2], report[-1]
    assert last["takes"] == int(takes)
    assert last["threads"] == first["threads"] and last["descriptors"] == first["descriptors"]
    assert last["resident_mb"] - first["resident_mb"] < 8, report
