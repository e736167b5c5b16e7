"""Finished chunks of a study on disk, from which an interrupted one goes on."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pcmphys.numerics.cache import source_fingerprint
from pcmphys.numerics.files import sealed, unsealed, write_whole
from pcmphys.study.plan import Part, Plan


def fingerprint(plan: Plan) -> str:
    """What a study's results belong to: settings, content and program."""
    return f"{plan.config.digest()}-{source_fingerprint(plan.content())}"


class Parts:
    """Finished chunks in a folder; a part counts only for the same fingerprint, and only if no byte has changed.

    Each is a file of ``numpy.savez``, sealed.
    """

    def __init__(self, folder: Path, fingerprint: str):
        self.folder = folder
        self.fingerprint = fingerprint

    def path(self, key: tuple[int, ...]) -> Path:
        """File of a chunk."""
        return self.folder / f"{self.fingerprint}-{'-'.join(f'{k:05d}' for k in key)}.npz"

    def load(self, key: tuple[int, ...]) -> Part | None:
        """Results of a chunk; None if they are not there, or not as they were written (with a warning)."""
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
        """Keep the results of a chunk."""
        stream = io.BytesIO()
        np.savez(stream, **part)
        write_whole(self.path(key), sealed(stream.getvalue()))

    def count(self, keys: Iterable[tuple[int, ...]]) -> int:
        """How many of the chunks are here."""
        return sum(self.path(key).is_file() for key in keys)

    def forget(self) -> None:
        """Remove the parts of this study."""
        if not self.folder.is_dir():
            return
        for path in list(self.folder.glob(f"{self.fingerprint}-*")):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # parts of another study may still lie there
            self.folder.rmdir()
