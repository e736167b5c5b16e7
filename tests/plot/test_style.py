"""One palette: apart for colour-blind readers, readable on white, and named nowhere else."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.plot import page, style

ROOT = Path(pcm.__file__).parent

# G. M. Machado et al., IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1, on linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    values = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB under D65."""
    x, y, z = np.cbrt(TO_XYZ @ np.clip(rgb, 1e-4, 1.0) / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(colour):
    """Ratio of luminances against white, as WCAG 2 defines it."""
    return 1.05 / (TO_XYZ[1] @ linear(colour) + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
def test_the_colours_of_one_figure_stay_apart(sight):
    seen = [lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in style.COLOURS]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 12.0  # 2.3 is just noticeable
    first_four = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen[:4], 2)]
    assert min(first_four) > 15.0


def test_lines_and_text_can_be_read_on_white():
    assert all(contrast(colour) > 3.0 for colour in (*style.COLOURS[:4], style.BLACK, style.GREY))
    assert all(contrast(colour) > 4.5 for colour in (style.TEXT, style.CAPTION, style.ASSUMED))
    assert "$" not in page.whole("title", [])


def colours_in(path):
    """Strings of a file that are a colour or the name of a colour map."""
    texts = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    maps = ("viridis", "magma", "inferno", "cividis", "plasma")
    named = re.compile(r"#[0-9a-fA-F]{6}|tab:\w+|C\d[-:.os]*|" + "|".join(maps))
    return [text for text in texts if isinstance(text, str) and named.fullmatch(text)]


def test_no_colour_has_another_home():
    files = [*ROOT.rglob("*.py"), *(ROOT.parent / "validation").rglob("*.py")]
    found = {str(path): colours_in(path) for path in files if path.name != "style.py"}
    assert {path: colours for path, colours in found.items() if colours} == {}
