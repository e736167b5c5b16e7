"""Compiled kernels on disk: whose folder it is, when a kernel is made anew, and that nothing ever stops without one."""

import ast
import builtins
import os
import shutil
import subprocess
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import pcmphys
from pcmphys.numerics import cache as kernel_cache
from pcmphys.numerics import compile

PACKAGE = Path(pcmphys.__file__).parent


@pytest.fixture
def fresh_directory():
    """Let cache_directory be computed anew, and leave its memory as it was."""
    return kernel_cache.cache_directory.__wrapped__


def test_fingerprint_sees_edits_additions_and_renames(tmp_path, monkeypatch):
    package = tmp_path / "package"
    (package / "room").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    law = package / "room" / "law.py"
    law.write_text("def law(x):\n    return x\n")
    monkeypatch.setattr(kernel_cache, "_PACKAGE", package)
    first = kernel_cache.source_fingerprint()
    assert kernel_cache.source_fingerprint() == first
    os.utime(law, (1, 1))  # a touched but equal file changes nothing
    assert kernel_cache.source_fingerprint() == first
    prints = {first, kernel_cache.source_fingerprint("a study")}
    law.write_text("def law(x):\n    return 2 * x\n")
    prints.add(kernel_cache.source_fingerprint())
    law.rename(package / "room" / "other.py")
    prints.add(kernel_cache.source_fingerprint())
    (package / "room" / "new.py").write_text("")
    prints.add(kernel_cache.source_fingerprint())
    assert len(prints) == 5


def imported_by_syntax(path):
    """Oracle: the files of the package that a file imports, by Python's own parser."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in modules:
            tries = ([*module.split("."), name] if name else None, module.split("."))
            files = [
                file
                for parts in tries
                if parts and parts[0] == "pcmphys"
                for file in (
                    PACKAGE.parent.joinpath(*parts).with_suffix(".py"),
                    PACKAGE.parent.joinpath(*parts, "__init__.py"),
                )
                if file.is_file()
            ]
            found.update(files[:1])
    return found


def kernel_files():
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "\n@kernel" in path.read_text()]


def test_a_kernels_sources_are_found_to_the_last():
    assert len(kernel_files()) > 10
    for path in kernel_files():
        expected, waiting = set(), {path}
        while waiting:
            new = imported_by_syntax(waiting.pop()) - expected
            expected |= new
            waiting |= new
        assert kernel_cache.imported(path) == expected
    # and no more: who edits a figure or a study does not wait for the compiler
    solver = kernel_cache.imported(PACKAGE / "crossbar" / "solver" / "conjugate_gradient.py")
    assert PACKAGE / "crossbar" / "solver" / "lines.py" in solver
    assert len(solver) < 8


def test_cache_directory_order(tmp_path, monkeypatch, fresh_directory):
    numba_folder, user_folder = tmp_path / "numba", tmp_path / "user"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(numba_folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(user_folder))
    assert fresh_directory() == numba_folder / "pcmphys-kernels"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert fresh_directory() == user_folder / "pcmphys-kernels"
    # a place that cannot be written to (a file is in the way): the next one
    (tmp_path / "blocked").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "blocked"))
    monkeypatch.setattr(kernel_cache.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    assert fresh_directory().parent == tmp_path / "temporary"


def test_no_home_and_no_folder_for_temporary_files(monkeypatch, fresh_directory):
    def nowhere():
        raise FileNotFoundError("no usable temporary directory found")

    def homeless():
        raise RuntimeError("could not determine home directory")

    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(kernel_cache.tempfile, "gettempdir", nowhere)
    monkeypatch.setattr(kernel_cache.Path, "home", homeless)
    with pytest.warns(RuntimeWarning, match="every start compiles anew"):
        assert fresh_directory() is None


@pytest.mark.parametrize("attack", ["link", "open to others"])
def test_code_of_others_is_never_run(tmp_path, monkeypatch, fresh_directory, attack):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "shared"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    folder = tmp_path / "shared" / "pcmphys-kernels"
    folder.parent.mkdir()
    if attack == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    assert fresh_directory() == tmp_path / "user" / "pcmphys-kernels"


def test_only_old_folders_of_its_own_are_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "_KEPT", 3)
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: tmp_path)
    names = [f"{k:016x}" for k in range(8)]
    for age, name in enumerate(names):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "crossbar.linear.solve-0123456789abcdef.kernel").write_text("")
        (folder / kernel_cache._MARKER).touch()
        os.utime(folder / kernel_cache._MARKER, (1e9 - age, 1e9 - age))
    (tmp_path / names[7] / "mine.csv").write_text("mine")  # somebody put a file of theirs beside the kernels
    (tmp_path / names[6] / kernel_cache._MARKER).unlink()  # not known to be ours
    for name in ("run1", "crossbar"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.txt").write_text("mine")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kernel_cache.kernel_folder.__wrapped__(PACKAGE / "crossbar" / "solver" / "lines.py")
    left = {path.name for path in tmp_path.iterdir()}
    new = left - set(names) - {"run1", "crossbar"}
    assert len(new) == 1
    assert left - new == {names[0], names[1], names[6], names[7], "run1", "crossbar"}
    assert (tmp_path / names[7] / "mine.csv").exists()
    assert (tmp_path / "run1" / "data.txt").read_text() == "mine"


@pytest.fixture
def make_kernel(tmp_path, monkeypatch):
    """Compile the same small kernel as a new process would, in a cache of its own."""
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: tmp_path / "cache")
    (tmp_path / "cache").mkdir(mode=0o700)
    source = tmp_path / "small.py"
    source.write_text("def double(x):\n    for k in range(x.size):\n        x[k] *= 2.0\n")
    monkeypatch.setattr(kernel_cache, "kernel_folder", kernel_cache.kernel_folder.__wrapped__)

    def make():
        kernel_cache._say_once.cache_clear()
        module = types.ModuleType("pcmphys.small")
        exec(builtins.compile(source.read_text(), source, "exec"), module.__dict__)
        return compile.kernel(module.double)

    return make


def run(kernel):
    x = np.ones(3)
    kernel(x)
    assert (x == 2.0).all()
    return sum(kernel.stats.cache_hits.values())


def damages(content):
    yield "empty", b""
    yield "cut", content[:-1]
    yield "zeros", bytes(len(content))
    for place in (0, 31, 32, len(content) // 2, len(content) - 1):
        yield f"byte {place}", content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_damaged_kernel_is_compiled_anew_and_says_so(make_kernel, tmp_path):
    assert run(make_kernel()) == 0
    assert run(make_kernel()) == 1
    (stored,) = (tmp_path / "cache").rglob("*.kernel")
    sound = stored.read_bytes()
    for _, content in damages(sound):
        stored.write_bytes(content)
        with pytest.warns(RuntimeWarning, match="compiled anew"):
            assert run(make_kernel()) == 0
        assert run(make_kernel()) == 1  # and is whole again


def test_a_full_disk_stops_nothing(make_kernel, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kernel_cache.Path, "write_bytes", full)
    with pytest.warns(RuntimeWarning, match=r"cannot be kept in .*No space left"):
        assert run(make_kernel()) == 0
    assert not [path for path in (tmp_path / "cache").rglob("*") if "kernel" in path.suffix]


def test_without_any_folder_kernels_work(make_kernel, monkeypatch):
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: None)
    assert run(make_kernel()) == 0
    assert run(make_kernel()) == 0


def test_what_is_compiled_is_said_once(make_kernel, capsys):
    kernel_cache._announce.cache_clear()
    run(make_kernel())
    assert capsys.readouterr().err == "pcmphys: compiling kernels of small, kept for later runs ...\n"
    run(make_kernel())
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become somebody without a home"
)
def test_import_without_a_home():
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")}

    def as_somebody(code):
        command = ["setpriv", "--reuid=12345", "--clear-groups", sys.executable, "-c", code]
        nowhere = {"TMPDIR": "/nonexistent", "PYTHONPATH": str(PACKAGE.parent)}
        return subprocess.run(command, env=environment | nowhere, timeout=120, cwd="/", capture_output=True, text=True)

    if as_somebody(f"import numba, os; os.listdir({str(PACKAGE)!r})").returncode:
        pytest.skip("packages or sources are closed to other users")
    done = as_somebody("import pcmphys.crossbar.solver.linear")
    assert done.returncode == 0, done.stderr


SCRIPT = """
import multiprocessing, sys
import numpy as np
import pcmphys as pcm
from pcmphys.cells.statistical import kernels

def run(seed):
    devices = pcm.load_cell("ibm-90nm-statistical").population(70_000, seed=seed)
    devices.program(10e-6)
    devices.wait(20.0)
    return float(devices.read().sum())

if __name__ == "__main__":
    here = run(3)
    for kernel in (kernels.program, kernels.read):
        print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
    print(repr(here))
    if "fork" in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context("fork").Pool(1) as pool:
            assert pool.apply_async(run, (3,)).get(60) == here
"""


def run_script(cache, source):
    """Run the script on the package in ``source``, in a folder where no other copy is in the way."""
    environment = dict(os.environ, NUMBA_CACHE_DIR=str(cache), NUMBA_NUM_THREADS="2", PYTHONPATH=str(source))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, cwd=source, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *kernels, value = done.stdout.split("\n")[:-1]
    return [tuple(map(int, line.split())) for line in kernels], float(value)


def cache_files(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*.kernel")}


def test_second_process_compiles_nothing_and_an_edit_compiles_again(tmp_path):
    package = tmp_path / "source" / "pcmphys"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    cache = tmp_path / "cache"

    counts, value = run_script(cache, package.parent)
    assert all(hits == 0 and misses == 1 for hits, misses in counts)
    files = cache_files(cache)
    assert files
    assert {path.parts[0] for path in files} == {"pcmphys-kernels"}
    assert not [*package.rglob("*.nb?"), *package.rglob("*.kernel")]  # nothing beside the sources

    counts, again = run_script(cache, package.parent)
    assert all(hits == 1 and misses == 0 for hits, misses in counts)
    assert again == value
    assert cache_files(cache) == files  # not rewritten

    # the edit is in an imported law, not in the file of the kernels: Numba alone would not see it
    law = package / "cells" / "statistical" / "laws.py"
    text = law.read_text()
    assert text.count("return conductance * exp(-exponent * log_age)") == 1
    law.write_text(text.replace("return conductance * exp(-exponent", "return 2.0 * conductance * exp(-exponent"))
    counts, doubled = run_script(cache, package.parent)
    assert all(misses == 1 for _, misses in counts)
    assert doubled == pytest.approx(2 * value)
