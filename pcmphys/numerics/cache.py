"""Compiled kernels on disk: kept for exactly the sources they were made from, never trusted beyond that, never missed.

A kernel is made from its own file and from what that imports; Numba's cache looks at the file alone. So here each
module with kernels has a folder named after a fingerprint of all these sources. A stored kernel begins with a digest of
the rest: what a full disk, a crash or a bad block left is found out, and the kernel is compiled anew. Where no folder
can be written, the package works without one and says so once.

What is compiled is announced through the logger ``pcmphys`` (level INFO, shown on the standard error stream).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import pickle
import re
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

_PACKAGE = Path(__file__).parents[1]
_FOLDER = "pcmphys-kernels"
_MARKER = "compiled kernels of pcmphys"
_NAME, _FILE = re.compile(r"[0-9a-f]{16}"), re.compile(r".+-[0-9a-f]{16}\.kernel(\.[0-9]+)?")
_KEPT = 200
"""Folders that stay when a new one is made: some versions of each module."""
_DIGEST = hashlib.sha256().digest_size
_IMPORT = re.compile(r"^[ \t]*from (pcmphys[\w.]*) import (\([^)]*\)|.*)|^[ \t]*import (pcmphys[\w.]*)", re.MULTILINE)


class _Stderr(logging.Handler):
    """Lines on whatever the standard error stream is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(self.format(record) + "\n")


_log = logging.getLogger("pcmphys")
_log.addHandler(_Stderr())
_log.setLevel(logging.INFO)
_log.propagate = False  # who configures logging for a program of their own would see every line twice


def source_fingerprint(more: str = "") -> str:
    """Hash of every source file of the package (and ``more``): a result belongs to one version."""
    return _digest(sorted(_PACKAGE.rglob("*.py")), more)


@functools.cache
def kernel_fingerprint(path: Path) -> str:
    """Hash of all sources that a kernel of the file ``path`` is made from, and of the compiler.

    These are the file, what it imports from the package, what that imports, and so on; and every file that defines a
    NamedTuple, as kernels take such without importing them.
    """
    versions = f"{numba.__version__} {llvmlite.__version__} {sys.implementation.cache_tag}"
    versions += " with bounds checked" * bool(numba.config.BOUNDSCHECK)
    return _digest(sorted({path, *imported(path), *_tuple_files()}), versions)


def imported(path: Path) -> set[Path]:
    """Source files of the package that a file imports, at any depth."""
    found: set[Path] = set()
    waiting = {path}
    while waiting:
        new = _imports(waiting.pop()) - found
        found |= new
        waiting |= new
    return found


@functools.cache
def _imports(path: Path) -> frozenset[Path]:
    found = set()
    for origin, names, module in _IMPORT.findall(path.read_text(encoding="utf-8")):
        for name in re.findall(r"(\w+)(?:\s+as\s+\w+)?", names) or [""]:
            # a name imported from a room is a file of it or stands in its __init__
            found |= {_source(f"{origin}.{name}") or _source(origin)} if origin else {_source(module)}
    return frozenset(found - {None})


def _source(module: str) -> Path | None:
    base = _PACKAGE.parent.joinpath(*module.split("."))
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


@functools.cache
def _tuple_files() -> frozenset[Path]:
    return frozenset(p for p in _PACKAGE.rglob("*.py") if "(NamedTuple)" in p.read_text(encoding="utf-8"))


def _digest(paths, more: str) -> str:
    digest = hashlib.sha256(more.encode())
    for path in paths:
        name = path.relative_to(_PACKAGE) if path.is_relative_to(_PACKAGE) else path
        digest.update(name.as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def cache_directory() -> Path | None:
    """Folder that holds the folders of compiled kernels, or None where none can be written.

    It lies in ``$NUMBA_CACHE_DIR`` if that is set, else in the user's cache folder, else (home not writable, or none)
    in the folder for temporary files.
    """
    for folder in _places():
        if _own(folder):
            return folder
    warnings.warn("no folder can hold compiled kernels: every start compiles anew", RuntimeWarning, stacklevel=2)
    return None


def _places() -> Iterator[Path]:
    """Where the folder may be, best first; a place that cannot even be named is left out."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    for place in (
        lambda: Path(os.environ["NUMBA_CACHE_DIR"]) / _FOLDER,
        lambda: Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / _FOLDER,
        lambda: Path(tempfile.gettempdir()) / f"{_FOLDER}-{user}",
    ):
        with contextlib.suppress(KeyError, RuntimeError, OSError):
            yield place()


def _own(folder: Path) -> bool:
    """Make a folder of one's own, or see that it is: what it holds will be run."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return False
        if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022):
            return False
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


@functools.cache
def kernel_folder(path: Path) -> Path | None:
    """Folder of the compiled kernels of a source file as it stands, or None without a cache."""
    root = cache_directory()
    if root is None:
        return None
    folder = root / kernel_fingerprint(path)
    new = not folder.exists()
    if not _own(folder):
        return None
    with contextlib.suppress(OSError):
        (folder / _MARKER).touch()
        if new:
            _forget_old(root)
    return folder


def _forget_old(root: Path) -> None:
    """Delete the folders of kernels that were not used for longest, but nothing that is not ours."""
    kept = [p for p in root.iterdir() if _NAME.fullmatch(p.name) and (p / _MARKER).is_file() and not p.is_symlink()]
    kept.sort(key=lambda p: (p / _MARKER).stat().st_mtime)
    for folder in kept[:-_KEPT]:
        with contextlib.suppress(OSError):  # another process may be tidying up at the same moment
            for path in folder.iterdir():
                if path.name == _MARKER or _FILE.fullmatch(path.name):
                    path.unlink()
            folder.rmdir()  # fails, and the folder stays, if somebody put something into it


class KernelCache:
    """What a Numba dispatcher asks for a compiled kernel before it compiles, and gives it to afterwards."""

    def __init__(self, function: Callable):
        self._module = function.__module__.removeprefix("pcmphys.")
        self._name = f"{self._module}.{function.__qualname__}"
        self._folder = kernel_folder(Path(function.__code__.co_filename))

    @property
    def cache_path(self) -> str | None:
        """The folder."""
        return None if self._folder is None else str(self._folder)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The kernel for these types, or None: then it is compiled."""
        target_context.refresh()
        path = self._path(signature, target_context.codegen())
        with contextlib.suppress(FileNotFoundError):
            if path is not None:
                try:
                    return CompileResult._rebuild(target_context, *pickle.loads(_sound(path.read_bytes())))
                except FileNotFoundError:
                    raise
                except Exception as error:  # whatever bytes may do to pickle and LLVM: they are not needed
                    _say_once(f"compiled kernel {path} cannot be used ({type(error).__name__}: {error}): compiled anew")
        _announce(self._module)
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled kernel."""
        path = self._path(signature, result.codegen)
        if path is None or any(not lifted.can_cache for lifted in result.lifted) or result.library.has_dynamic_globals:
            return
        content = dumps(result._reduce())
        own = path.with_suffix(f".kernel.{os.getpid()}")
        try:
            own.write_bytes(hashlib.sha256(content).digest() + content)
            os.replace(own, path)
        except OSError as error:
            _say_once(f"compiled kernels cannot be kept in {path.parent} ({error}): the next start compiles again")
            with contextlib.suppress(OSError):
                own.unlink()

    def flush(self) -> None:
        """Nothing is kept back."""

    def _path(self, signature, codegen) -> Path | None:
        if self._folder is None:
            return None
        key = hashlib.sha256(f"{signature} {codegen.magic_tuple()}".encode()).hexdigest()[:16]
        return self._folder / f"{self._name}-{key}.kernel"


def _sound(content: bytes) -> bytes:
    """The content without its digest, if that holds."""
    if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
        raise ValueError("damaged")
    return content[_DIGEST:]


@functools.cache
def _say_once(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)


@functools.cache
def _announce(module: str) -> None:
    use = "for this run only" if cache_directory() is None else "kept for later runs"
    _log.info("pcmphys: compiling kernels of %s, %s ...", module, use)
