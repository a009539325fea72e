"""The extension module's dictionaries and JSON objects as dataclasses."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from ._enums import EventKind, LossCause, Phase, TakeState
from ._metrics import Metrics, TakeResult, TrackCounters
from ._values import (
    CheckReport,
    Event,
    MergedStream,
    MergeResult,
    MuxResult,
    OffsetReport,
    OutputFileInfo,
    Progress,
    SelftestCheck,
    SelftestReport,
    StoredModel,
    TakeLoss,
    TakeSummary,
    VideoDevice,
    VideoMode,
)

nan = math.nan

_TAKE_PATHS = ("frames_dir", "wav_path", "enhanced_wav_path", "manifest_path", "mp4_path")


def fields_of(cls: type, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of the dataclass that are given; null numbers as NaN or 0, null texts as empty."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.name not in given:
            continue
        value = given[field.name]
        if value is None and field.type == "float":
            value = nan
        elif value is None and field.type == "int":
            value = 0
        elif value is None and field.type == "str":
            value = ""
        found[field.name] = value
    return found


def metrics_of(given: dict[str, Any]) -> Metrics:
    metrics = Metrics(**fields_of(Metrics, given))
    metrics.counters = [TrackCounters(**fields_of(TrackCounters, c)) for c in given.get("books", [])]
    return metrics


def take_result(text: str) -> TakeResult:
    given = json.loads(text)
    result = TakeResult(**fields_of(TakeResult, given))
    for name in _TAKE_PATHS:
        setattr(result, name, Path(given[name]) if given.get(name) else None)
    result.metrics = metrics_of(given["metrics"])
    return result


def check_report(text: str) -> CheckReport:
    given = json.loads(text)
    report = CheckReport(**fields_of(CheckReport, given))
    report.losses = [
        TakeLoss(**{**fields_of(TakeLoss, loss), "cause": LossCause(loss["cause"])}) for loss in given["losses"]
    ]
    return report


def take_summary(given: dict[str, Any]) -> TakeSummary:
    output = given["output"]
    counters = [TrackCounters(**c) for c in given["counters"]]
    if output is not None:
        output = OutputFileInfo(**{**output, "path": Path(output["path"])})
    return TakeSummary(**{**given, "state": TakeState(given["state"]), "counters": counters, "output": output})


def mux_result(text: str) -> MuxResult:
    given = fields_of(MuxResult, json.loads(text))
    return MuxResult(**{**given, "path": Path(given["path"])})


def merge_result(text: str) -> MergeResult:
    given = fields_of(MergeResult, json.loads(text))
    streams = [MergedStream(**stream) for stream in given["streams"]]
    parts = [Path(part) for part in given["parts"]]
    return MergeResult(**{**given, "path": Path(given["path"]), "parts": parts, "streams": streams})


def offset_report(text: str) -> OffsetReport:
    return OffsetReport(**fields_of(OffsetReport, json.loads(text)))


def selftest_report(text: str) -> SelftestReport:
    given = fields_of(SelftestReport, json.loads(text))
    return SelftestReport(**{**given, "checks": [SelftestCheck(**c) for c in given["checks"]]})


def event(given: dict[str, Any]) -> Event:
    return Event(**{**given, "kind": EventKind(given["kind"])})


def progress(given: dict[str, Any]) -> Progress:
    return Progress(**{**given, "phase": Phase(given["phase"])})


def video_device(given: dict[str, Any]) -> VideoDevice:
    return VideoDevice(**{**given, "modes": [VideoMode(**mode) for mode in given["modes"]]})


def stored_model(given: dict[str, Any]) -> StoredModel:
    return StoredModel(**{**given, "path": Path(given["path"])})
