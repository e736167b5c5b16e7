"""``import pcmphys`` runs nothing, offers everything, and type checkers see what there is."""

from __future__ import annotations

import ast
import os
import pkgutil
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec

import pytest

import pcmphys as pcm
from pcmphys import parameters

HEAVY = ("numba", "scipy", "matplotlib", "xarray", "pydantic", "numpy", "typer", "rich", "bibtexparser")


def loaded(code):
    """Modules that are loaded after some code, and the seconds of a processor that it took."""
    code = f"{code}\nimport sys, time\nprint(time.process_time())\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr == ""
    seconds, modules = result.stdout.splitlines()
    return set(modules.split()), float(seconds)


def test_importing_loads_nothing_and_takes_no_time():
    modules, seconds = loaded("import pcmphys; dir(pcmphys); pcmphys.__version__")
    assert not modules & set(HEAVY)
    assert seconds < 0.5
    modules, _ = loaded("import pcmphys as pcm; pcm.list_cells()")
    assert not modules & set(HEAVY)


@pytest.mark.parametrize("package", [pcm, parameters], ids=lambda package: package.__name__)
def test_every_name_is_there_once(package):
    tree = ast.parse(resources.files(package.__name__).joinpath("__init__.py").read_text(encoding="utf-8"))
    shown = {
        alias.name
        for block in tree.body
        if isinstance(block, ast.If)
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }
    assert shown == set(package.__all__)
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        _ = package.nothing


def test_rooms_are_names_as_before():
    for room in ("constants", "crossbar", "errors", "export", "fit", "matrix", "parameters", "physics", "plot"):
        modules, _ = loaded(f"import pcmphys as pcm; pcm.{room}.__name__")
        assert f"pcmphys.{room}" in modules


@pytest.mark.parametrize(
    "room", ["chip", "crossbar", "export", "fit", "matrix", "cells", "plot.page", "programming", "study", "cli"]
)
def test_any_room_may_come_first(room):
    assert f"pcmphys.{room}" in loaded(f"import pcmphys.{room}")[0]


ALONE = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [one for one in sys.modules if one.partition(".")[0] == "pcmphys"]:
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except Exception as error:
        print(f"{name}: {error!r}")
"""
"""Imports each module as the first of the package; what others share, numpy and numba, stays loaded."""


@pytest.mark.slow
def test_every_module_may_come_first():
    found = pkgutil.walk_packages(pcm.__path__, "pcmphys.")
    names = ["pcmphys", *(module.name for module in found if not module.name.endswith(".__main__"))]
    if find_spec("torch") is None:
        names = [name for name in names if not name.startswith("pcmphys.nn")]
    assert len(names) > 150
    command = [sys.executable, "-c", ALONE]
    halves = [subprocess.Popen([*command, *names[k::2]], stdout=subprocess.PIPE, text=True) for k in (0, 1)]
    assert [half.communicate(timeout=900)[0] for half in halves] == ["", ""]


def test_a_name_that_was_changed_tells_the_new_one():
    with pytest.raises(AttributeError, match=r"no attribute 'margin_map'; it is pcmphys\.plot\.margins now"):
        _ = pcm.plot.margin_map
    with pytest.raises(AttributeError, match=r"no attribute 'nothing'$"):
        _ = pcm.plot.nothing
    assert not hasattr(pcm.plot, "margin_map")


PUBLIC = (
    pcm,
    pcm.chip,
    pcm.crossbar,
    pcm.export,
    pcm.fit,
    pcm.matrix,
    pcm.parameters,
    pcm.plot,
    pcm.programming,
    pcm.study,
)
TWICE = {"drift", "iv", "programming_curve"}
"""`fit.drift`, `fit.iv` and `fit.programming_curve` fit what those of `plot` draw: one subject, two rooms."""


def test_a_public_name_means_one_thing():
    meanings = {}
    for room in PUBLIC:
        for name in room.__all__:
            meanings.setdefault(name, set()).add(id(getattr(room, name)))
    assert {name for name, found in meanings.items() if len(found) > 1} == TWICE


def test_types_are_shipped():
    assert resources.files("pcmphys").joinpath("py.typed").is_file()
    assert os.path.basename(pcm.__file__) == "__init__.py"
    import typing

    import xarray as xr

    from pcmphys.study import runner

    found = typing.get_type_hints(runner.run, {**vars(runner), "xr": xr})
    assert found["return"] is xr.Dataset
