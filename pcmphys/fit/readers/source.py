"""The bytes of a file and the text in them: packed or not, in whatever encoding a tester writes."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import zlib
from pathlib import Path

from pcmphys.errors import ParameterError
from pcmphys.fit import memory

_TIMES_ITS_SIZE = 12
"""Memory that reading takes, against the size of the text."""
_BLOCK = 1 << 24
_HEAD = 1 << 16
_STRANGE = bytes(k for k in range(1, 32) if chr(k) not in "\t\n\r\f\v\x1a")
"""Control characters that no text has."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
WORKBOOK, TDMS = b"PK\x03\x04", b"TDSm"
_BINARY = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or one with a password; save it as .xlsx or as CSV"),
    (b"%PDF", "a PDF; export the table as CSV"),
    (b"\x89PNG", "a picture (PNG); export the numbers as CSV"),
    (b"\xff\xd8\xff", "a picture (JPEG); export the numbers as CSV"),
    (b"\x89HDF", "HDF5 (also MATLAB 7.3 and netCDF); open it with xarray or h5py and pass a pandas DataFrame"),
    (b"MATLAB 5.0", "a MATLAB file; open it with scipy.io.loadmat and pass a pandas DataFrame"),
    (b"\x93NUMPY", "a numpy file; open it with numpy.load and pass a pandas DataFrame"),
    (b"PAR1", "Parquet; open it with pandas.read_parquet and pass the DataFrame"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
    (b"\xfd7zXZ", "packed by xz; unpack it, or pack it with gzip"),
    (b"BZh", "packed by bzip2; unpack it, or pack it with gzip"),
)


def contents(path: Path) -> tuple[bytes, str]:
    """The bytes of a file, unpacked if gzip packed them, and the SHA-256 of the file as it is.

    Raises
    ------
    ParameterError
        No such file, an empty one, one that is not a file, or larger than the memory allows.
    """
    try:
        if path.exists() and not path.is_file():
            raise ParameterError(f"{path} is {'a folder' if path.is_dir() else 'no regular file'}; give one file")
        size = path.stat().st_size
        fits(path, size)
        _check_head(path)
        raw = path.read_bytes()
    except OSError as error:
        raise ParameterError(f"cannot read {path}: {error.strerror}") from None
    except ParameterError:
        raise
    except ValueError:  # a null byte
        raise ParameterError(f"cannot read {str(path)!r}: no file can have that name") from None
    digest = hashlib.sha256(raw).hexdigest()
    if raw.startswith(b"\x1f\x8b"):
        raw = _unpacked(path, raw)
    if not raw.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ParameterError(f"{path} is empty{'' if size == 0 else ': nothing but blanks'}")
    return raw, digest


def _check_head(path: Path) -> None:
    """Refuse what is binary by its first bytes, before all of it is read."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD)
        except zlib.error:
            return  # told when it is unpacked
    if head.startswith((WORKBOOK, TDMS)):
        return
    refuse_kinds(path, head)
    marked = any(head.startswith(mark) for mark, _, _ in _MARKS)
    wide = not marked and _wide(head) is not None
    if not marked and not wide:
        if b"\0" in head[:4096]:
            raise ParameterError(f"{path} is binary, not a table of text: it holds zero bytes; export the data as CSV")
        strange = sum(head.count(k) for k in _STRANGE)
        if strange:
            raise ParameterError(
                f"{path} is binary, not a table of text: {strange} control characters in its first {len(head)} bytes; "
                "export the data as CSV"
            )


def refuse_kinds(path: Path | str, head: bytes) -> None:
    """Refuse kinds of files that are known by their first bytes."""
    for start, what in _BINARY:
        if head.startswith(start):
            raise ParameterError(f"{path} is {what}")


def _wide(head: bytes) -> str | None:
    """The codec of UTF-16 without a mark, of whose plain text every other byte is zero."""
    head = head[: min(4096, len(head) // 2 * 2)]
    low, high = head[1::2].count(0), head[::2].count(0)
    for count, other, codec in ((low, high, "utf-16-le"), (high, low, "utf-16-be")):
        if count > 0.4 * len(head) / 2 and other == 0:
            return codec
    return None


def fits(path: Path | str, size: int) -> None:
    """Refuse what would not fit into the memory."""
    free = memory.available()
    if free is not None and _TIMES_ITS_SIZE * size > free:
        raise ParameterError(
            f"{path} holds {size / 1e9:.3g} GB; to read it takes about {_TIMES_ITS_SIZE} times as much memory, and "
            f"{free / 1e9:.3g} GB are free: divide the file, or leave out reads (evenly in the logarithm of time)"
        )


def _unpacked(path: Path, raw: bytes) -> bytes:
    parts, size = [], 0
    try:
        with gzip.open(io.BytesIO(raw)) as stream:
            while part := stream.read(_BLOCK):
                size += len(part)
                fits(path, size)  # a small file can unpack to any size
                parts.append(part)
    except (OSError, EOFError, zlib.error) as error:
        raise ParameterError(f"{path}: packed by gzip, but damaged: {error}") from None
    return b"".join(parts)


def text_of(path: Path | str, raw: bytes) -> tuple[str, str]:
    """The text, lines ending in one newline, and the name of its encoding.

    Raises
    ------
    ParameterError
        It is binary; what it is, if that can be seen, and what to do.
    """
    refuse_kinds(path, raw[:64])
    text, encoding = _decoded(path, raw)
    strange = sum(text.count(chr(k)) for k in range(32) if chr(k) not in "\t\n\r\f\v\x1a")
    if strange > 0:
        raise ParameterError(
            f"{path} is binary, not a table of text: {strange} control characters in it; export the data as CSV"
        )
    return text.rstrip("\x1a").replace("\r\n", "\n").replace("\r", "\n"), encoding


def _decoded(path: Path | str, raw: bytes) -> tuple[str, str]:
    for mark, codec, name in _MARKS:
        if raw.startswith(mark):
            return _strictly(path, raw, codec, name), name
    if b"\0" in raw[:4096]:
        codec = _wide(raw)
        if codec is not None:
            name = "UTF-16 without byte-order mark"
            return _strictly(path, raw, codec, name), name
        raise ParameterError(f"{path} is binary, not a table of text: it holds zero bytes; export the data as CSV")
    try:
        return raw.decode("utf-8"), "ASCII" if raw.isascii() else "UTF-8"
    except UnicodeDecodeError as error:
        try:
            return raw.decode("cp1252"), "Windows-1252"
        except UnicodeDecodeError:
            line = raw.count(b"\n", 0, error.start) + 1
            raise ParameterError(
                f"{path}, line {line}: byte {error.start} is neither UTF-8 nor Windows-1252; save the file as UTF-8"
            ) from None


def _strictly(path: Path | str, raw: bytes, codec: str, name: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path}: begins as {name} but breaks at byte {error.start}; save it anew") from None
