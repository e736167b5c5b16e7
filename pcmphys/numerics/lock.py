"""A folder for one process at a time: the operating system holds the lock, so a process that is killed leaves none."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from pcmphys.errors import ParameterError

_NAME = ".lock"
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""What file systems without locks answer (some of those that several machines share)."""
_BEHIND = 2**30
"""Where Windows locks a byte: behind what the file says, which others may read."""


@contextlib.contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Hold a folder, made if it is not there, and removed at the end if it is empty then.

    Where the file system knows no locks the user is warned, and nothing is held.

    Raises
    ------
    ParameterError
        Another run holds it; the message begins with ``name`` and says which.
    """
    place = _taken(folder, name)
    try:
        yield
    finally:
        # the file goes before the lock: who opened it meanwhile finds it gone, and asks again
        with contextlib.suppress(OSError):
            (folder / _NAME).unlink()
        os.close(place)
        with contextlib.suppress(OSError):  # finished parts lie there
            folder.rmdir()


def _taken(folder: Path, name: str) -> int:
    """The open and locked file of a folder."""
    path = folder / _NAME
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            place = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the run before has just removed its folder
            continue
        except OSError as error:
            raise ParameterError(
                f"{name}: {folder} cannot be written ({error.strerror}); give another folder"
            ) from None
        try:
            _lock(place)
        except BlockingIOError:
            holder = _holder(place)
            os.close(place)
            raise ParameterError(
                f"{name}: {folder.parent} is in use by another run{holder}; wait until it is finished, stop it, or "
                "give another folder"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(place)
                raise
            say = f"{folder} lies on a file system without locks ({error.strerror}): start no second run there"
            warnings.warn(say, stacklevel=4)
        if _still_there(place, path):
            _say_who(place)
            return place
        os.close(place)


def _still_there(place: int, path: Path) -> bool:
    """Whether the locked file is still that of its name; the run before removes its own."""
    try:
        return os.path.samestat(os.fstat(place), path.stat())
    except FileNotFoundError:
        return False


def _say_who(place: int) -> None:
    text = f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"
    with contextlib.suppress(OSError):  # on a full disk it is held without a word
        os.ftruncate(place, 0)
        os.pwrite(place, text.encode(), 0) if hasattr(os, "pwrite") else os.write(place, text.encode())


def _holder(place: int) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = os.read(place, 500).decode()
        return f" ({text})" if text else ""
    return ""


def _lock(place: int) -> None:
    """Lock an open file or raise BlockingIOError."""
    try:
        import fcntl
    except ImportError:
        _lock_on_windows(place)
    else:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_on_windows(place: int) -> None:
    import msvcrt

    os.lseek(place, _BEHIND, os.SEEK_SET)
    try:
        msvcrt.locking(place, msvcrt.LK_NBLCK, 1)
    except OSError:
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK)) from None
    finally:
        os.lseek(place, 0, os.SEEK_SET)
