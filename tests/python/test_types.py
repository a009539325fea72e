"""The package's types, and the examples by them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onetake

ROOT = Path(__file__).parents[2]


def test_package_and_examples_pass_mypy_strict() -> None:
    package = Path(onetake.__file__).parent
    assert (package / "py.typed").exists() and (package / "_onetake.pyi").exists()
    examples = sorted((ROOT / "examples" / "python").glob("*.py"))
    assert examples
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"),
         "--cache-dir", os.environ.get("MYPY_CACHE_DIR", "mypy-cache"),
         str(package), str(package.parent / "av_recorder.py"), *map(str, examples)],
        capture_output=True, text=True, timeout=280, env={**os.environ, "MYPYPATH": str(package.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
