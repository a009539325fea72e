"""The thread on which all callbacks come, and what happens at exit and after fork."""

from __future__ import annotations

import atexit
import itertools
import os
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any, Protocol, cast

from . import _convert, _onetake, _values


class _Ending(Protocol):
    def shut_down(self) -> None: ...


_ARGUMENTS: dict[str, Callable[[dict[str, Any]], tuple[object, ...]]] = {
    "event": lambda given: (_convert.event(given),),
    "progress": lambda given: (_convert.progress(given),),
    "enhanced_audio": lambda given: (_values.EnhancedAudio(**given),),
    "encoder_error": lambda given: (given["stream"],),
    "chunk_start": lambda given: (given["name"], given["started_at"], given["file_extension"]),
}


class Callbacks(dict[str, Callable[..., object]]):
    """A recorder's callbacks by the kinds of _ARGUMENTS. Owned by the recorder, which they may refer to."""


_numbers = itertools.count(1)
_callbacks: weakref.WeakValueDictionary[int, Callbacks] = weakref.WeakValueDictionary()
_thread: threading.Thread | None = None
_lock = threading.Lock()
_running: weakref.WeakSet[_Ending] = weakref.WeakSet()


def new_number() -> int:
    """A recorder's number, by which its callbacks are found."""
    return next(_numbers)


def set_callbacks(number: int, callbacks: Callbacks) -> None:
    """Begins to call the callbacks of a recorder."""
    global _thread
    _callbacks[number] = callbacks
    with _lock:
        if callbacks and _thread is None:
            _thread = threading.Thread(target=_run, name="onetake callbacks", daemon=True)
            _thread.start()


def _call(callbacks: Callbacks | None, kind: str, given: dict[str, Any]) -> None:
    callback = callbacks.get(kind) if callbacks is not None else None
    answer: _onetake.ChunkIdAnswer | None = given.pop("answer", None)  # the library waits for it
    if callback is None:
        if answer is not None:
            answer.give("")
        return
    try:
        returned = callback(*_ARGUMENTS[kind](given))
        if answer is not None:
            answer.give("" if returned is None else os.fspath(cast("str | os.PathLike[str]", returned)))
    except BaseException as error:  # whatever a callback raises harms no take
        if answer is not None:
            answer.fail(f"{type(error).__name__}: {error}")
        _onetake.report_unraisable(error, callback)


def _run() -> None:
    while (call := _onetake.next_call()) is not None:
        number, kind, given = call
        _call(_callbacks.get(number), kind, given)
        if left_out := _onetake.left_out_calls():
            print(f"onetake: {left_out} callbacks were left out, as earlier ones took too long.", file=sys.stderr)


def wait_for_callbacks() -> None:
    """Returns when all callbacks that are due have been called. At once in a callback."""
    if _thread is None or threading.current_thread() is _thread:
        return
    due = _onetake.posted_calls()
    while not _onetake.wait_for_calls(due, 0.1):
        pass


def close_at_exit(what: _Ending) -> None:
    """Closes it, if it still exists when the interpreter ends."""
    _running.add(what)


def _at_exit() -> None:
    for what in list(_running):
        what.shut_down()
    _onetake.close_calls()
    if _thread is not None:
        _thread.join(timeout=2)  # a callback that does not return must not keep the program from ending
    _onetake.release_queued()


def _after_fork_in_child() -> None:
    """The child has neither the thread nor the recorders."""
    global _thread, _lock, _running
    _onetake.replace_queues_after_fork()
    _thread = None
    _lock = threading.Lock()
    _running = weakref.WeakSet()
    _callbacks.clear()


atexit.register(_at_exit)
os.register_at_fork(after_in_child=_after_fork_in_child)
