"""Files are whole, have the mode and the place that their owner wants, and leave nothing behind."""

from __future__ import annotations

import os
import stat

import pytest

from pcmphys.numerics import files
from pcmphys.numerics.files import remove_abandoned, sealed, unsealed, write_whole


class Killed(BaseException):
    """Stands for an interruption while a file is being written."""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), OSError("odd"), Killed(), ValueError()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    path = write_whole(tmp_path / "a.txt", b"old")

    def fail(temporary):
        temporary.write_bytes(b"half")
        raise failure

    with pytest.raises(type(failure)) as caught:
        write_whole(path, fail)
    if isinstance(failure, OSError):
        assert str(path) in str(caught.value)
        assert "pcmphys-" not in str(caught.value)
        assert caught.value.errno == failure.errno
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077, 0o002])
def test_the_mode_follows_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "bytes", b"1")
        write_whole(tmp_path / "deep" / "call", lambda path: path.write_text("1"))
    finally:
        os.umask(before)
    for path in (tmp_path / "bytes", tmp_path / "deep" / "call"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_a_link_is_followed_and_a_folder_is_no_file(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "real.nc")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "elsewhere" / "real.nc").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(IsADirectoryError, match="elsewhere"):
        write_whole(tmp_path / "elsewhere", b"new")
    long = tmp_path / ("x" * 250 + ".png")
    assert write_whole(long, b"new").read_bytes() == b"new"
    assert names(tmp_path / "elsewhere") == ["real.nc"]


@pytest.mark.skipif(os.name != "posix", reason="devices")
def test_a_device_is_written_and_not_replaced():
    write_whole("/dev/null", b"gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def leftover(folder, name, process, **changes):
    """A file as a killed write of ``name`` leaves it."""
    with files._temporary(folder / name) as temporary:
        left = temporary.name
    left = left.replace(f"-{os.getpid()}-", f"-{process}-")
    for old, new in changes.items():
        left = left.replace(getattr(files, old), new)
    (folder / left).write_bytes(b"half")
    return folder / left


@pytest.mark.skipif(os.name != "posix", reason="asks for processes")
def test_leftovers_of_killed_writes_go_and_those_at_work_stay(tmp_path):
    dead, alive, recycled = (leftover(tmp_path, "a.nc", number) for number in (999_999_999, 1, os.getpid()))
    elsewhere = leftover(tmp_path, "a.nc", 1, _MACHINE="another")
    old = leftover(tmp_path, "b.nc", 1)
    os.utime(old, (0, 0))
    own = [tmp_path / name for name in (".a.nc", ".a.abc123.nc", ".pcmphys-a.nc", "a.pcmphys-host-1-00.nc")]
    for path in own:
        path.write_bytes(b"mine")
    with files._temporary(tmp_path / "a.nc") as working:
        write_whole(tmp_path / "a.nc", b"new")
        assert not dead.exists()
        assert not recycled.exists()
        assert all(path.exists() for path in (alive, elsewhere, old, working, *own))
    remove_abandoned(tmp_path)
    assert not old.exists()
    assert names(tmp_path) == sorted(path.name for path in (alive, elsewhere, tmp_path / "a.nc", *own))
    remove_abandoned(tmp_path / "nowhere")


def test_a_seal_finds_every_changed_bit():
    whole = sealed(b"some content")
    assert unsealed(whole) == b"some content"
    for place in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        assert unsealed(bytes(changed)) is None
    for size in range(len(whole)):
        assert unsealed(whole[:size]) is None
