"""Cells of every update law: those that are shipped, and trial ones of the laws that no shipped cell has."""

from __future__ import annotations

import functools
import pathlib
import tempfile

import pcmphys as pcm
from pcmphys.cells import PulsedCell

SHIPPED = [name for name in pcm.list_cells() if pcm.load_cell(name).technology.model == "pulsed"]

HEAD = """
name = "{name}"
model = "pulsed"
title = "a trial cell"
[window]
conductance_minimum = {{ value = 10e-6, unit = "S", kind = "user" }}
conductance_maximum = {{ value = 30e-6, unit = "S", kind = "user" }}
weight_minimum = {{ value = -1.0, unit = "1", kind = "user" }}
weight_maximum = {{ value = 1.0, unit = "1", kind = "user" }}
[pulse]
duration = {{ value = 1e-7, unit = "s", kind = "user" }}
{pulse}
[read]
voltage = {{ value = 0.2, unit = "V", kind = "user" }}
duration = {{ value = 1e-7, unit = "s", kind = "user" }}
{law}
"""
LAWS = {
    "soft": ("soft_bounds", {"step": 0.02, "noise": 0.3}),
    "power": ("power", {"step": 0.02, "exponent_up": 1.5, "exponent_down": 0.5, "exponent_spread": 0.1, "noise": 0.2}),
    "nonlinear": (
        "nonlinear",
        {"pulses_up": 100.0, "pulses_down": 80.0, "label_up": 2.4, "label_down": -1.5, "noise": 0.01},
    ),
    "skew-table": (
        "jump_table",
        {
            "weight": [-1.0, 0.0, 1.0],
            "up": [0.03, 0.02, 0.01],
            "up_std": [0.02, 0.015, 0.01],
            "down": [0.01, 0.02, 0.03],
            "down_std": [0.01, 0.01, 0.01],
            "up_quantiles": [0.0, 0.02, 0.03, 0.1, 0.0, 0.01, 0.02, 0.08, -0.01, 0.0, 0.01, 0.05],
        },
    ),
    "fresh-table": (
        "jump_table",
        {
            "weight": [-1.0, 0.0, 1.0],
            "up": [0.03, 0.02, 0.01],
            "up_std": [0.02, 0.015, 0.01],
            "down": [0.01, 0.02, 0.03],
            "down_std": [0.01, 0.01, 0.01],
            "fresh_up": [0.08, 0.06, 0.04],
            "fresh_up_std": [0.03, 0.02, 0.01],
            "fresh_up_quantiles": [0.0, 0.07, 0.09, 0.2, 0.0, 0.05, 0.08, 0.15, 0.0, 0.03, 0.05, 0.1],
        },
    ),
    "early-table": (  # first pulse, second, third and fourth, and all later ones
        "jump_table",
        {
            "weight": [-1.0, 1.0],
            "up": [0.03, 0.01],
            "up_std": [0.02, 0.01],
            "down": [0.01, 0.03],
            "down_std": [0.01, 0.01],
            "down_quantiles": [0.0, 0.01, 0.02, 0.01, 0.03, 0.05],
            "fresh_up": [0.2, 0.16, 0.12, 0.1, 0.06, 0.04],
            "fresh_up_std": [0.05, 0.04, 0.03, 0.02, 0.02, 0.01],
            "fresh_up_quantiles": [
                0.1,
                0.2,
                0.3,
                0.08,
                0.16,
                0.24,
                0.05,
                0.1,
                0.3,
                0.05,
                0.1,
                0.2,
                0.0,
                0.05,
                0.2,
                0.0,
                0.03,
                0.15,
            ],
        },
    ),
    "table": (
        "jump_table",
        {
            "weight": [-1.0, -0.3, 0.5, 1.0],
            "up": [0.05, 0.04, 0.02, 0.0],
            "up_std": [0.01, 0.01, 0.02, 0.005],
            "down": [0.0, 0.01, 0.03, 0.06],
            "down_std": [0.0, 0.01, 0.01, 0.02],
        },
    ),
}

RESETS = {"early-table": {"reset.weight": -0.5, "reset.noise": 0.3, "reset.quantiles": [-0.4, -0.1, 0.0, 0.2, 1.2]}}
"""RESETs of trial cells that have one."""


def text(name: str, table: str, numbers: dict, **pulse: float) -> str:
    """A parameter file."""
    rows = [f'{key} = {{ value = {value}, unit = "1", kind = "user" }}' for key, value in numbers.items()]
    more = "\n".join(f'{key} = {{ value = {value}, unit = "1", kind = "user" }}' for key, value in pulse.items())
    return HEAD.format(name=name, pulse=more, law="\n".join([f"[{table}]", *rows]))


def loaded(content: str) -> PulsedCell:
    """The cell of a parameter file's content."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trial.toml"
        path.write_text(content)
        return pcm.load_cell(path)


@functools.cache
def cell(name: str) -> PulsedCell:
    """A shipped cell, or a trial one of a law."""
    if name in LAWS:
        made = loaded(text(name, *LAWS[name], gain_spread=0.1, imbalance_spread=0.05))
        return made.but(RESETS[name], source="a trial") if name in RESETS else made
    return pcm.load_cell(name)


EVERY = (*SHIPPED, *LAWS)
