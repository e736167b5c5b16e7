"""Examples in docstrings: in a folder of their own, and left out where what they need is not installed."""

import importlib.util

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["pcmphys/nn/*"]


@pytest.fixture(autouse=True)
def examples_write_nowhere_else(request):
    """Files that an example names lie in a folder that is made for it."""
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
