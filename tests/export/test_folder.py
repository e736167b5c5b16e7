"""Folders of exports: written whole or not at all, and never over what is not ours."""

import json

import pytest

from pcmphys.errors import ParameterError
from pcmphys.export import folder as folders
from pcmphys.export.folder import MANIFEST, check_folder, class_name, write_folder

FILES = {"a.txt": b"one", "b.txt": b"two"}


def content(path):
    return {entry.name: entry.read_bytes() for entry in path.iterdir() if entry.name != MANIFEST}


def write(path, files=FILES, overwrite=False):
    return write_folder(path, files, {"target": "x"}, overwrite=overwrite)


def test_a_new_one_and_an_empty_one(tmp_path):
    write(tmp_path / "deep" / "new")
    assert content(tmp_path / "deep" / "new") == FILES
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty")
    assert content(tmp_path / "empty") == FILES
    assert {path.name for path in tmp_path.iterdir()} == {"deep", "empty"}
    manifest = json.loads((tmp_path / "empty" / MANIFEST).read_text())
    assert manifest["target"] == "x"
    assert set(manifest["files"]) == set(FILES)


def test_other_files_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(ParameterError, match=r"holds other files \(mine.txt\), which an export leaves alone"):
            write(tmp_path, overwrite=overwrite)
    assert content(tmp_path) == {"mine.txt": b"mine"}


def test_an_export_is_replaced_when_asked(tmp_path):
    path = tmp_path / "e"
    write(path)
    with pytest.raises(ParameterError, match="overwrite=True replaces it"):
        write(path, {"c.txt": b"three"})
    assert content(path) == FILES
    write(path, {"c.txt": b"three"}, overwrite=True)
    assert content(path) == {"c.txt": b"three"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["e"]


def test_a_file_beside_an_export_or_a_changed_one_stays(tmp_path):
    path = tmp_path / "e"
    write(path)
    (path / "notes.md").write_text("mine")
    with pytest.raises(ParameterError, match=r"other files \(notes.md\)"):
        write(path, overwrite=True)
    (path / "notes.md").unlink()
    (path / "a.txt").write_text("changed")
    with pytest.raises(ParameterError, match=r"a.txt in .* changed since the export"):
        write(path, overwrite=True)
    assert (path / "a.txt").read_text() == "changed"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "f").write_text("x")
    with pytest.raises(ParameterError, match="is a file"):
        check_folder(tmp_path / "f")
    with pytest.raises(ParameterError, match="cannot be read"):
        check_folder("a\0b")


@pytest.mark.parametrize("there", [False, True])
def test_nothing_is_half_written(tmp_path, monkeypatch, there):
    path = tmp_path / "e"
    if there:
        write(path)
    full = OSError(28, "No space left on device")

    class Full(type(path)):
        def write_bytes(self, data):
            if self.name == "b.txt":
                raise full
            return super().write_bytes(data)

    monkeypatch.setattr(folders, "Path", Full)
    with pytest.raises(ParameterError, match="No space left"):
        write(Full(path), {"a.txt": b"new", "b.txt": b"new"}, overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == (["e"] if there else [])
    if there:
        assert content(path) == FILES


def test_a_rename_that_fails_gives_the_old_one_back(tmp_path, monkeypatch):
    path = tmp_path / "e"
    write(path)
    rename = type(path).rename

    def once(self, target):
        if "-old" not in str(target) and "-old" not in self.name and "pcmphys" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(path), "rename", once)
    with pytest.raises(ParameterError, match="Input/output error"):
        write(path, {"c.txt": b"three"}, overwrite=True)
    assert content(path) == FILES
    assert [entry.name for entry in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("two words", "must be a Python class name"),
        ("2nd", "must be a Python class name"),
        ("", "must be"),
        ("Größe", "must be"),
        (3, "must be"),
        ("class", "a word of Python itself"),
        ("match", "a word of Python itself"),
        ("LOSS", "that the written module uses"),
    ],
)
def test_names_that_python_forbids(name, words):
    with pytest.raises(ParameterError, match=words):
        class_name(name, ("LOSS",))
    assert class_name("Pcm_2") == "Pcm_2"
