"""What the README shows runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SNIPPETS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
NAMES = ["drift data", "one cell", "array designer", "own selector", "writing", "system person", "networks", "training"]


def test_there_is_a_tour_for_each_kind_of_user():
    assert len(SNIPPETS) == len(NAMES)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=NAMES)
def test_a_snippet_runs(snippet, tmp_path, monkeypatch):
    if "import torch" in snippet:
        pytest.importorskip("torch")
    monkeypatch.chdir(ROOT)  # the example data are named from there
    names: dict = {}
    exec(compile(snippet.replace('"drift.png"', repr(str(tmp_path / "drift.png"))), "README.md", "exec"), names)
    assert "pcm" in names
    assert ("fit.plot" in snippet) == (tmp_path / "drift.png").exists()
