"""Sync as judged by the Python package av-drift-detector (pip install av-drift-detector==0.6.1), which makes videos whose
frames and sounds carry their numbers, and finds each frame's sound. Where it is not installed, the program that imports
this ends with exit code 77."""

import subprocess
import sys

try:
    import av_drift_detector as detector
except ImportError:
    print("av-drift-detector is not installed")
    sys.exit(77)


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout


def make_clip(path, fps, seconds):
    detector.generate(str(path), fps=fps, duration=seconds, width=640, height=360, audio_codec="pcm")


def drift(path, fps, trusted, duration=None):
    """Mean and worst of the drift in ms, and the frames that were measured, of which there must be a share."""
    summary = detector.analyze(str(path), fps=fps, duration=duration, capture="file")["summary"]
    assert summary["measured"] >= trusted * summary["frames"], f"{path.name}: {summary}"
    return summary["mean_ms"], max(abs(summary["min_ms"]), abs(summary["max_ms"])), summary["measured"]
