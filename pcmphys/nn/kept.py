"""What is kept of twins, as bytes: arrays of NumPy with a description in JSON; nothing in them is ever run."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.nn.keeping import Arrays

_HEADER = "header"
_SUM = 4
"""Bytes of a check sum."""
_BROKEN = (ValueError, EOFError, KeyError, TypeError, AttributeError)
"""What reading raises of something else, or of a part."""


def written(header: dict[str, Any], arrays: Arrays) -> bytes:
    """A description, which has a ``format``, and arrays, as a file of ``numpy.savez``."""
    stream = io.BytesIO()
    np.savez(stream, **{_HEADER: np.array(json.dumps({**header, **_version()}))}, **arrays)
    return stream.getvalue()


def opened(path: Path, format_: str, by: str) -> tuple[dict[str, Any], Arrays]:
    """Description and arrays of such a file; pickles are refused by NumPy, and never run.

    Raises
    ------
    ParameterError
        It was not written whole ``by`` what writes such, or by another version of pcmphys.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
        header = json.loads(str(arrays.pop(_HEADER)))
        _check_version(header, str(path), format_)
    except (OSError, zipfile.BadZipFile, zlib.error, *_BROKEN) as error:
        raise _not_whole(f"{path} is no file that {by}", error) from None
    return header, arrays


def joined(header: dict[str, Any], arrays: Arrays) -> bytes:
    """The same in a row, without a directory: within a file, one of its own would be taken for the file's."""
    stream = io.BytesIO()
    for one in (np.array(json.dumps({**header, **_version(), "places": list(arrays)})), *arrays.values()):
        np.lib.format.write_array(stream, one, allow_pickle=False)
    body = stream.getvalue()
    return zlib.crc32(body).to_bytes(_SUM, "little") + body


def parted(data: bytes, name: str, format_: str) -> tuple[dict[str, Any], Arrays]:
    """Description and arrays of what `joined` gave; ``name`` is what messages call it. Raises as `opened`."""
    try:
        if zlib.crc32(memoryview(data)[_SUM:]).to_bytes(_SUM, "little") != data[:_SUM]:
            raise ValueError("its check sum is another")
        stream = io.BytesIO(data)
        stream.seek(_SUM)
        header = json.loads(str(np.lib.format.read_array(stream, allow_pickle=False)))
        _check_version(header, name, format_)
        arrays = {place: np.lib.format.read_array(stream, allow_pickle=False) for place in header["places"]}
    except _BROKEN as error:
        raise _not_whole(f"{name} is nothing that state_dict()", error) from None
    return header, arrays


def _version() -> dict[str, str]:
    return {"version": metadata.version("pcmphys")}


def _check_version(header: dict[str, Any], name: str, format_: str) -> None:
    mine, found, version = metadata.version("pcmphys"), header["format"], header["version"]
    if (found, version) != (format_, mine):
        raise ParameterError(
            f"{name} was written by pcmphys {version} ({found}); this is pcmphys {mine} ({format_}), which reads its "
            "own files only: save it again with this version"
        )


def _not_whole(what: str, error: Exception) -> ParameterError:
    """What stands for an error of reading; one of another version says more."""
    if isinstance(error, ParameterError):
        return error
    return ParameterError(f"{what} has written whole ({getattr(error, 'strerror', None) or error})")


def check_made(made: dict[str, str], mine: dict[str, str], what: str) -> None:
    """Refuse what was ``made`` otherwise than our own; ``what`` begins the message."""
    for name, own in mine.items():
        theirs = made.get(name)
        if theirs != own:
            raise ParameterError(f"{what} made with another {name}: {_short(theirs)}; this one with {_short(own)}")


def _short(text: Any) -> str:
    text = str(text)
    return text if len(text) < 200 else f"{text[:200]}..."
