"""The two pictures of README.md, drawn by the code as it is: ``python -m validation.pictures [STUDY]``.

``cell.png`` is one device of the 90 nm cell between RESET and SET; a full run of the validation draws it, too.
``overview.png`` is that of the built-in study, from the folder STUDY that ``pcmphys study`` wrote.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys

import pcmphys as pcm
from pcmphys.study import report

HERE = pathlib.Path(__file__).parent
DEVICE, SET_PULSES = 10, 3
"""Sectors of this one have every state at once: closed, with grains, crystalline; and it still has a threshold."""


def main(argv: list[str] | None = None) -> int:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m validation.pictures", description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", type=pathlib.Path, metavar="STUDY", help="folder of the built-in study")
    study = parser.parse_args(argv).study
    cell(HERE / "cell.png")
    if study is not None:
        overview(study, HERE / "overview.png")
    return 0


def cell(path: pathlib.Path) -> None:
    """One device after a RESET and a few SET pulses: structure, temperature, I-V."""
    devices = pcm.load_cell("ibm-90nm-doped-gst").population(20, seed=1)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    devices.apply(pcm.Pulse(current=100e-6, width=50e-9), repeat=SET_PULSES, pause=1e-6)
    devices.wait(20.0)
    beside = path.with_name(f".{path.name}")
    pcm.plot.cell(devices, DEVICE).savefig(beside, dpi=150, format="png")
    os.replace(beside, path)


def overview(study: pathlib.Path, path: pathlib.Path) -> None:
    """The overview of a study that has ended."""
    import xarray

    with xarray.open_dataset(study / "results.nc") as dataset:
        report.write_overview(dataset.load(), path)


if __name__ == "__main__":
    sys.exit(main())
