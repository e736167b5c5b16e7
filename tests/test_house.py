"""The house: no private name taken from another file, few arguments, no files that import each other in turn."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

import pcmphys

PACKAGE = Path(pcmphys.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "validation").rglob("*.py")])
MOST_ARGUMENTS, MOST_LINES = 8, 400
MANY_OPTIONS = {
    "pcmphys.fit.drift.fit.drift": "reads, and by name what is known of them and of their noise, each with a default",
    "pcmphys.crossbar.analysis.margins.read_margin": "an array, two states and a read: an object for them is no easier",
    "pcmphys.matrix.mapping.optimise.optimise_split": "three numbers of effort, three of history, each with a default",
    "pcmphys.nn.conversion.convert": "what a twin is made of, by name, all but two with a default",
    "pcmphys.nn.layers.attention.forward": "the arguments of PyTorch's own layer",
    "pcmphys.nn.aware.hardware.hardware_aware": "what a training meets, by name, all but two with a default",
    "pcmphys.training.matrix.__init__": "as of a matrix on tiles, and how it is trained, by name, with defaults",
    "pcmphys.matrix.analog_matrix.__init__": "what a matrix is made of, by name, all but two with a default",
}
"""Public functions that take more, and why."""
FROM_LIBRARIES = {
    "_replace", "_asdict", "_fields", "_make", "_exit", "_getframe", "_rebuild", "_reduce", "_getvalue",
    "_forward_hooks", "_forward_pre_hooks", "_C", "_current_graph_task_id",
}  # fmt: skip


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def own_names(tree: ast.AST) -> set[str]:
    """Private names that a file defines: functions, classes, variables, attributes of its own objects."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def taken(tree: ast.AST) -> list[str]:
    """Private names that a file takes from elsewhere; what an object does with itself is its own affair."""
    own, found = own_names(tree), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found += [alias.name for alias in node.names if private(alias.name)]
            found += [part for part in (node.module or "").split(".") if private(part)]
        elif isinstance(node, ast.Attribute) and private(node.attr) and node.attr not in own | FROM_LIBRARIES:
            owner = node.value
            itself = isinstance(owner, ast.Name) and owner.id in ("self", "cls", "twin")
            parent = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"
            if not (itself or parent):
                found.append(node.attr)
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_private_name_is_taken_from_another_file(path):
    assert taken(tree_of(path)) == []


def test_a_private_name_from_elsewhere_is_noticed():
    assert taken(ast.parse("from room import _hidden")) == ["_hidden"]
    assert taken(ast.parse("from room._hidden import name")) == ["_hidden"]
    assert taken(ast.parse("devices._state.order")) == ["_state"]
    assert taken(ast.parse("class A:\n    def f(self, other):\n        self._a = other._a\n")) == []


def arguments(node: ast.FunctionDef) -> int:
    count = len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)
    return count - (1 if node.args.args and node.args.args[0].arg in ("self", "cls") else 0)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_functions_take_few_arguments(path):
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)]
    many = {f"{name_of(path)}.{node.name}": arguments(node) for node in functions if arguments(node) > MOST_ARGUMENTS}
    assert {name: count for name, count in many.items() if name not in MANY_OPTIONS} == {}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_are_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_no_file_of_the_package_begins_with_an_underscore():
    assert [path for path in PACKAGE.rglob("*.py") if private(path.name)] == []


@functools.cache
def imports(path: Path) -> frozenset[Path]:
    """Files of the package that a file imports, wherever in it, for type checkers too; faces of rooms left out."""
    found = set()
    for node in ast.walk(tree_of(path)):
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [[node.module, f"{node.module}.{alias.name}"] for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [[alias.name] for alias in node.names]
        for tries in modules:
            files = [(ROOT / Path(*name.split("."))).with_suffix(".py") for name in tries if name.startswith("pcmphys")]
            found |= {file for file in files if file.is_file()}
    return frozenset(found)


def circles(files: list[Path], imported) -> list[list[str]]:
    """Groups of files that import each other, at any depth (Tarjan's strongly connected components)."""
    index, low, stack, groups = {}, {}, [], []

    def visit(path):
        index[path] = low[path] = len(index)
        stack.append(path)
        for other in imported(path):
            if other not in index:
                visit(other)
                low[path] = min(low[path], low[other])
            elif other in stack:
                low[path] = min(low[path], index[other])
        if low[path] == index[path]:
            group = stack[stack.index(path) :]
            del stack[stack.index(path) :]
            if len(group) > 1:
                groups.append(sorted(name_of(one) for one in group))

    for path in files:
        if path not in index:
            visit(path)
    return groups


def test_no_files_import_each_other_in_a_circle():
    files = [path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py")]
    assert circles(sorted(files), imports) == []
    # three files in a ring, and one beside it
    ring = {ROOT / "a": {ROOT / "b"}, ROOT / "b": {ROOT / "c"}, ROOT / "c": {ROOT / "a"}, ROOT / "d": {ROOT / "a"}}
    assert circles(list(ring), ring.get) == [["a", "b", "c"]]


def test_no_two_classes_share_a_name():
    homes: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not private(node.name):
                homes.setdefault(node.name, []).append(name_of(path))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
