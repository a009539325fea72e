"""The exceptions: one class per error code of the library, each also the built-in exception that a caller expects."""

from __future__ import annotations

import errno
from typing import ClassVar


class Error(Exception):
    """Base of all errors of onetake. The message names the device or file, the cause, and what to do next."""

    code: ClassVar[str] = "internal"
    """The library's name of the error, for example "not_found"."""
    _errno: ClassVar[int | None] = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        if self._errno is not None and isinstance(self, OSError):
            setattr(self, "errno", self._errno)  # noqa: B010 (a type checker sees two bases)


class InvalidArgumentError(Error, ValueError):
    """A value out of range or of another type, a bad name, an unknown option."""

    code = "invalid_argument"


class WrongStateError(Error, RuntimeError):
    """A call that does not fit the state: start() while recording, stop() without start(), any call after fork."""

    code = "wrong_state"


class NotFoundError(Error, FileNotFoundError):
    """No such device, take or file."""

    code = "not_found"
    _errno = errno.ENOENT


class AlreadyExistsError(Error, FileExistsError):
    """The name is taken; nothing is overwritten."""

    code = "already_exists"
    _errno = errno.EEXIST


class DeviceUnavailableError(Error, PermissionError):
    """The device exists but can't be used: permission, unplugged, bandwidth."""

    code = "device_unavailable"


class DeviceBusyError(Error, OSError):
    """Another program uses the device."""

    code = "device_busy"
    _errno = errno.EBUSY


class UnsupportedError(Error, ValueError):
    """A format, codec or container that is not supported here."""

    code = "unsupported"


class RefusedError(Error, ValueError, PermissionError):
    """Not accepted: a pushed frame or stamp (the take goes on), a symbolic link, another user's take."""

    code = "refused"


class CorruptError(Error, ValueError):
    """Damaged or malformed data."""

    code = "corrupt"


class NoSpaceError(Error, OSError):
    """The disk is full."""

    code = "no_space"
    _errno = errno.ENOSPC


class IoError(Error, OSError):
    """Any other failure of a file or folder."""

    code = "io"


class TimedOutError(Error, TimeoutError):
    """Nothing came in time."""

    code = "timed_out"


class CancelledError(Error):
    """The call was cancelled."""

    code = "cancelled"


class MissingPartError(Error, RuntimeError):
    """An optional component that this build or machine lacks."""

    code = "missing_part"


class InternalError(Error, RuntimeError):
    """A bug in onetake."""

    code = "internal"


_by_code: dict[str, type[Error]] = {
    c.code: c
    for c in (
        InvalidArgumentError, WrongStateError, NotFoundError, AlreadyExistsError, DeviceUnavailableError,
        DeviceBusyError, UnsupportedError, RefusedError, CorruptError, NoSpaceError, IoError, TimedOutError,
        CancelledError, MissingPartError, InternalError,
    )
}  # fmt: skip


def exception(code: str, message: str) -> Error:
    """The exception of an error of the library. Called by the extension module."""
    return _by_code.get(code, InternalError)(message)
