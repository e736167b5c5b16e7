"""Finished parts of long work on disk, from which an interrupted one goes on."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pcmphys.numerics.files import sealed, unsealed, write_whole

Part = dict[str, np.ndarray]


class Parts:
    """Finished parts in a folder; one counts only for the same fingerprint, and only if no byte has changed.

    Each is a file of ``numpy.savez``, sealed.
    """

    def __init__(self, folder: Path, fingerprint: str):
        self.folder = folder
        self.fingerprint = fingerprint

    def path(self, key: tuple[int, ...]) -> Path:
        """File of a part."""
        return self.folder / f"{self.fingerprint}-{'-'.join(f'{k:05d}' for k in key)}.npz"

    def load(self, key: tuple[int, ...]) -> Part | None:
        """Results of a part; None if they are not there, or not as they were written (with a warning)."""
        path = self.path(key)
        try:
            whole = unsealed(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            warnings.warn(f"{path} cannot be read ({error.strerror or error}) and is computed anew", stacklevel=2)
            return None
        # the checks of the format itself miss some changes and fail in many ways at others
        if whole is None:
            warnings.warn(f"{path} is damaged and is computed anew", stacklevel=2)
            return None
        with np.load(io.BytesIO(whole), allow_pickle=False) as archive:
            return dict(archive)

    def save(self, key: tuple[int, ...], part: Part) -> None:
        """Keep the results of a part."""
        stream = io.BytesIO()
        np.savez(stream, **part)
        write_whole(self.path(key), sealed(stream.getvalue()))

    def count(self, keys: Iterable[tuple[int, ...]]) -> int:
        """How many of the parts are here."""
        return sum(self.path(key).is_file() for key in keys)

    def forget(self) -> None:
        """Remove the parts of this work."""
        if not self.folder.is_dir():
            return
        for path in list(self.folder.glob(f"{self.fingerprint}-*")):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # parts of other work may still lie there
            self.folder.rmdir()
