"""Files are written whole or not at all, and read as text whatever program wrote them."""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pcmphys.errors import ParameterError

_DAY = 86400.0
_NAME_KEPT = 40
"""Characters of a file's name in that of its temporary file, which may have 255 bytes."""
_MACHINE = re.sub(r"[^A-Za-z0-9]", "", socket.gethostname())[:20] or "host"
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.pcmphys-(?P<machine>[A-Za-z0-9]+)-(?P<process>\d+)-[0-9a-f]{16}(\.[^.]*)?")
_being_written: set[str] = set()

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def write_whole(path: str | Path, content: bytes | Callable[[Path], object]) -> Path:
    """Write bytes, or what ``content`` puts into the path it is given, then rename; on any failure the old file stays.

    Libraries that draw or keep data draw into memory first and give bytes: where the disk is full, some of them fail
    to close their own file, in ways of their own.

    The temporary file lies beside ``path`` under a name of its own, so that two processes that write the same file do
    not mix; what a killed write of the same file left behind is removed. The mode follows the umask. A link is
    followed, a device or a pipe is written directly.

    Raises
    ------
    OSError
        With the name of ``path``, not of the temporary file.
    """
    path = Path(path)
    with _named(path):
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.exists() and not target.is_file():
            _fill(target, content)
            return path
        target.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(target) as temporary:
            _fill(temporary, content)
            os.replace(temporary, target)
    remove_abandoned(target.parent, target.name)
    return path


def _fill(path: Path, content: bytes | Callable[[Path], object]) -> None:
    if callable(content):
        content(path)
        return
    with path.open("wb") as stream:
        stream.write(content)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise OSError(f"{path}: {error}") from error
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """An empty file beside ``target``; it is gone at the end, unless it was renamed."""
    mark = f".pcmphys-{_MACHINE}-{os.getpid()}-{secrets.token_hex(8)}"
    temporary = target.with_name(f".{target.name[:_NAME_KEPT]}{mark}{target.suffix[:20]}")
    _being_written.add(temporary.name)
    try:
        # created here and not by the writer: never another file of that name, and a mode that follows the umask
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
        _being_written.discard(temporary.name)


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove the temporary files that killed writes left in a folder (``name``: only those of that file).

    Only files that carry the mark of `write_whole` and whose process is gone; of a process on another machine, which
    cannot be asked, those of more than a day ago.
    """
    with contextlib.suppress(OSError):
        for entry in list(folder.iterdir()):
            mark = _TEMPORARY.fullmatch(entry.name)
            if mark is not None and (name is None or mark["name"] == name[:_NAME_KEPT]) and _abandoned(entry, mark):
                entry.unlink(missing_ok=True)


def _abandoned(entry: Path, mark: re.Match[str]) -> bool:
    if entry.name in _being_written or not entry.is_file() or entry.is_symlink():
        return False
    if time.time() - entry.stat().st_mtime > _DAY:
        return True
    # elsewhere than on POSIX, asking for a process may end it
    return mark["machine"] == _MACHINE and os.name == "posix" and not _runs(int(mark["process"]))


def _runs(process: int) -> bool:
    if process == os.getpid():  # an earlier process of the same number: its own writes are known
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def probe(folder: str | Path, name: str, *files: str) -> None:
    """Make a folder, write a file into it and remove it again: before hours are spent on what is to lie there.

    Raises
    ------
    ParameterError
        The folder cannot be made or written, or one of ``files`` is a folder; the message begins with ``name``.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _temporary(folder / "probe") as temporary:
            _fill(temporary, bytes(4096))
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(f"{name}: {folder} cannot be written ({reason}); give another folder") from None
    for file in files:
        if (folder / file).is_dir():
            raise ParameterError(f"{name}: {folder / file} is a folder; move it away or give another folder")


_SEAL = hashlib.sha256


def sealed(content: bytes) -> bytes:
    """Content with its own SHA-256 behind it, which readers of zip archives and of HDF5 do not look at."""
    return content + _SEAL(content).digest()


def unsealed(content: bytes) -> bytes | None:
    """The content again; None if any byte is not as it was.

    Examples
    --------
    >>> unsealed(sealed(b"parts")), unsealed(b"x" + sealed(b"parts"))
    (b'parts', None)
    """
    place = len(content) - _SEAL().digest_size
    whole = content[: max(place, 0)]
    return whole if sealed(whole) == content else None


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16, with or without a byte-order mark; lines end with one newline.

    Raises
    ------
    UnicodeDecodeError
        It is neither.

    Examples
    --------
    >>> decoded("chips = 3".encode("utf-16")) == decoded(b"chips = 3")
    True
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding is None:
        # a text begins with a character of one byte, of whose two bytes the other is zero
        encoding = {b"\0": "utf-16-be"}.get(content[:1]) or {b"\0": "utf-16-le"}.get(content[1:2], "utf-8")
    return content.decode(encoding).replace("\r\n", "\n")
