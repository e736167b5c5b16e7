"""Paths where a fit takes what was read: what to write instead."""

from __future__ import annotations

import os
from typing import Any

from pcmphys.errors import ParameterError


def refuse_path(given: Any, fit: str = "", reader: str = "read_table") -> None:
    """Refuse the name of a file, which a fit does not open itself; say how it is read."""
    if isinstance(given, (str, os.PathLike)):
        call = f"fit.{reader}({os.fspath(given)!r})"
        said = f"write fit.{fit}({call})" if fit else f"give {call}"
        raise ParameterError(f"a fit takes arrays or what was read; got the path {os.fspath(given)!r}: {said}")
