"""The study of selectors: read margin, write margin and matvec error against array size and wire resistance.

One array of ohmic devices for each selector, size and wire resistance; what is asked of each, see `array`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.cells import load_cell
from pcmphys.parameters import cite
from pcmphys.study.kind import Kind
from pcmphys.study.plan import Part, Plan, labelled
from pcmphys.study.selector_margin import report
from pcmphys.study.selector_margin.array import measure_array
from pcmphys.study.selector_margin.settings import SelectorMarginConfig
from pcmphys.study.selectors import applied_voltage

if TYPE_CHECKING:
    import xarray as xr

SOURCES = """@article{chen2013,
  author  = {Chen, An},
  title   = {A Comprehensive Crossbar Array Model With Solutions for Line Resistance and Nonlinear Device
             Characteristics},
  journal = {IEEE Transactions on Electron Devices},
  volume  = {60},
  pages   = {1318},
  year    = {2013},
  doi     = {10.1109/TED.2013.2246791}
}"""
"""BibTeX of what is not a cell's source."""
_CELL = "ibm-90nm-doped-gst"


class SelectorMarginPlan(Plan):
    """One chunk for each selector, size and wire resistance."""

    def __init__(self, config: SelectorMarginConfig) -> None:
        self.config: SelectorMarginConfig = config
        self.axes: tuple[tuple[Any, ...], ...] = (config.selectors, config.sizes, config.wires)
        self.chunks: list[tuple[int, ...]] = list(np.ndindex(*(len(axis) for axis in self.axes)))
        self.voltages: list[tuple[float, float]] = [_voltages(config, name) for name in config.selectors]

    def task(self, key: tuple[int, ...]) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        name, size, wire = (axis[k] for axis, k in zip(self.axes, key, strict=True))
        return measure_array, (self.config, name, size, wire, self.voltages[key[0]], self._mapped(key))

    def _mapped(self, key) -> bool:
        """Whether the chunk's array is the one that is shown as a map: largest, of the middle wire resistance."""
        return key[1] == len(self.config.sizes) - 1 and key[2] == len(self.config.wires) // 2

    def dataset(self, parts: list[Part]) -> xr.Dataset:
        """See `Plan`."""
        config = self.config
        shape = tuple(len(axis) for axis in self.axes)
        axes = ("selector", "size", "wire")
        variables = {}
        for names, more, counts in ((_READ, ("scheme",), (len(config.schemes),)), (_OTHERS, (), ())):
            for name, (unit, text) in names.items():
                values = _stacked(parts, name).reshape(*shape, *counts)
                variables[name] = ((*axes, *more), values, unit, text)
        read, write = zip(*self.voltages, strict=True)
        variables["read_voltage"] = (("selector",), read, "V", "on the selected word line for reading and in a matvec")
        variables["write_voltage"] = (("selector",), write, "V", "on the selected word line for writing")
        mapped = [part for key, part in zip(self.chunks, parts, strict=True) if self._mapped(key)]
        wire = config.wires[len(config.wires) // 2]
        text = f"across each device at high conductance, all word lines on, {wire:g} ohm a segment"
        variables["device_voltage"] = (("selector", *_LINES), _stacked(mapped, "device_voltage"), "V", text)
        text = "the same for a single cell without wires"
        variables["single_voltage"] = (("selector",), _stacked(mapped, "single_voltage"), "V", text)
        coordinates = {
            "selector": list(config.selectors),
            "size": ("size", np.array(config.sizes), {"units": "1", "long_name": "word lines and bit lines"}),
            "wire": ("wire", np.array(config.wires), {"units": "ohm", "long_name": "resistance of a wire segment"}),
            "scheme": list(config.schemes),
        }
        attributes = {
            "selectors": json.dumps({name: repr(config.selector(name)) for name in config.selectors}),
            "without_answer": json.dumps([str(note) for part in parts for note in part["without_answer"]]),
            "references": f"{SOURCES}\n\n{cite(load_cell(_CELL))}",
        }
        return labelled(config, "pcmphys study of selectors", variables, coordinates, attributes)


_READ = {
    "read_margin": ("1", "(high - low) / high of the sensed current, worst case"),
    "sneak": ("1", "part of the low current that does not flow through the selected cell"),
    "read_high": ("A", "sensed current, selected device at high conductance, all others at low"),
    "read_low": ("A", "sensed current, selected device at low conductance, all others at high"),
}
_OTHERS = {
    "write_margin": ("1", "(selected - disturb) / applied voltage, worst case"),
    "write_selected": ("V", "across the device that is written, all others at high conductance"),
    "write_disturb": ("V", "largest across any other device"),
    "write_leakage": ("A", "sum of all other cells' currents while one is written"),
    "write_power": ("W", "from all terminals while one cell is written"),
    "matvec_error": ("1", "rms deviation of the column currents from the product, after one common gain"),
    "matvec_voltage": ("V", "that gain: column currents over products of conductances and binary inputs"),
    "matvec_power": ("W", "from all terminals during a matvec, mean over the inputs"),
}
"""Unit and text of the results with and without the axis of schemes."""
_LINES = ("word_line", "bit_line")


def _stacked(parts: list[Part], name: str) -> np.ndarray:
    return np.stack([part[name] for part in parts])


def _voltages(config: SelectorMarginConfig, name: str) -> tuple[float, float]:
    """Applied voltages [V] for reading and for writing."""
    selector = config.selector(name)
    device = config.device_read_voltage, config.device_write_voltage
    current = config.high * config.device_read_voltage, config.write_current
    read, write = (applied_voltage(selector, v, i, config.overdrive) for v, i in zip(device, current, strict=True))
    return read, write


KIND = Kind(SelectorMarginConfig, SelectorMarginPlan, report)
