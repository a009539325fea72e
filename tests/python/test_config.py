"""Settings: the Python lists are those of the library; what is wrong is refused, with names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest

import onetake
from onetake import _onetake


def test_every_setting_of_the_library_is_a_keyword_and_no_other() -> None:
    assert list(onetake.Settings.__annotations__) == [setting.name for setting in onetake.settings()]


@pytest.mark.parametrize("setting", onetake.settings(), ids=lambda setting: setting.name)
def test_each_default_is_accepted_and_documented(setting: onetake.Setting) -> None:
    onetake.validate(**{setting.name: setting.default})
    assert setting.help
    if setting.range is not None:
        for value in (setting.range[0] - 1, setting.range[1] + 1):
            wrong = int(value) if setting.type.startswith("int") else value
            with pytest.raises(ValueError, match=setting.name):
                onetake.validate(**{setting.name: wrong})
    container = {} if setting.name == "container" else {"container": "mkv"}  # which holds every codec
    for choice in setting.choices:
        onetake.validate(**{setting.name: choice, **container})


@pytest.mark.parametrize(
    ("ours", "library"),
    [
        (onetake.VideoTrackConfig(), _onetake.video_track_settings()),
        (onetake.AudioTrackConfig(), _onetake.audio_track_settings()),
    ],
)
def test_tracks_have_the_library_s_defaults(ours: object, library: list[tuple[object, ...]]) -> None:
    given = dataclasses.asdict(ours)  # type: ignore[call-overload]
    device = given.pop("device")
    assert str(device if device is not None else "") in ("0", "")
    given.pop("label")
    defaults = {str(row[0]): row[4] for row in library}
    assert [d for d in defaults if d.endswith("_device")]
    for name, value in given.items():
        assert (list(value) if isinstance(value, tuple) else value) == defaults.get(name, "device")


def test_unknown_names_are_refused_with_a_proposal() -> None:
    with pytest.raises(TypeError, match="did you mean 'width'"):
        onetake.AVRecorder(widht=640)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", "640"),
        ("width", 640.0),
        ("width", True),
        ("fps", "thirty"),
        ("fps", None),
        ("audio", 1),
        ("v4l2_controls", "a=1"),
        ("data_dir", 1.5),
        ("on_full", "wait"),
        ("subsample", "411"),
    ],
)
def test_values_of_another_type_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(onetake.InvalidArgumentError, match=name):
        onetake.validate(**{name: value})


def test_numpy_numbers_paths_enums_and_indices_are_accepted(tmp_path: Path) -> None:
    onetake.validate(
        width=np.int64(640), fps=np.float32(25), audio=np.bool_(False), data_dir=tmp_path, video_device=np.int32(2),
        on_full=onetake.OnFull.BLOCK, subsample=onetake.Subsample.S444, source=onetake.SourceKind.TEST,
    )  # fmt: skip


def test_tracks_of_their_own() -> None:
    recorder = onetake.AVRecorder(
        video_tracks=[onetake.VideoTrackConfig(source="external", label="left"),
                      onetake.VideoTrackConfig(source="test", width=320, height=240)],
        audio_tracks=[],
    )  # fmt: skip
    recorder.start("two")
    result = recorder.stop(make_mp4=False)
    assert [track.track for track in onetake.load(result.folder).video] == ["v1", "v2"]
    assert onetake.load(result.folder).audio == []


def test_annotations_can_be_evaluated() -> None:
    assert get_type_hints(onetake.AVRecorder.push_video)["track"] is int


def test_every_error_is_also_the_built_in_one() -> None:
    assert issubclass(onetake.NotFoundError, FileNotFoundError)
    assert issubclass(onetake.InvalidArgumentError, ValueError)
    assert issubclass(onetake.DeviceUnavailableError, PermissionError)
    assert issubclass(onetake.TimedOutError, TimeoutError)
    assert issubclass(onetake.WrongStateError, RuntimeError)
    assert issubclass(onetake.RefusedError, ValueError) and issubclass(onetake.RefusedError, PermissionError)
    with pytest.raises(FileNotFoundError) as caught:
        onetake.load("nowhere")
    assert isinstance(caught.value, onetake.Error)
    assert caught.value.code == "not_found" and "nowhere" in str(caught.value)
