"""The study of a design space: read margin of weak bits against energy of a write, over cells, pulses and arrays."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.cells import load_cell
from pcmphys.errors import ParameterError
from pcmphys.parameters import cite
from pcmphys.study.design_space import report
from pcmphys.study.design_space.array import measure_design
from pcmphys.study.design_space.devices import STATES, measure_slice, merged
from pcmphys.study.design_space.settings import DesignSpaceConfig
from pcmphys.study.kind import Kind
from pcmphys.study.placed import Filling, PlacedPlan, Places
from pcmphys.study.plan import Key, Part, Variables
from pcmphys.study.selectors import applied_voltage
from pcmphys.study.settings import named_apart

_SLICE, _MERGED, _ARRAY = 0, 1, 2
"""First number of a chunk's key: devices of a cell and pulse, all of them together, an array of them."""
_COPIES = 4.0
"""How often a worker holds the state of a device: both twins, a look at one, and what a pulse writes anew."""
_SAMPLE = 1000
_BYTES_CELL = 400.0
"""Memory [bytes] of a cell of an array while it is solved."""


class DesignSpacePlan(PlacedPlan):
    """Slices of devices for each cell and pulse; when all of them are there, an array for each selector, wire, size."""

    def __init__(self, config: DesignSpaceConfig) -> None:
        self.config: DesignSpaceConfig = config
        self.cells: list[Any] = [_physical(config, name) for name in config.cells]
        named_apart(config.cells, [cell.name for cell in self.cells])
        self.starts: list[int] = list(range(0, config.devices, config.slice))
        pairs = list(np.ndindex(len(self.cells), len(config.pulses)))
        arrays = list(np.ndindex(len(config.selectors), len(config.wires), len(config.sizes)))
        self.chunks: list[Key] = [
            *((_SLICE, *pair, k) for pair in pairs for k in range(len(self.starts))),
            *((_MERGED, *pair) for pair in pairs),
            *((_ARRAY, *pair, *array) for pair in pairs for array in arrays),
        ]
        for name, pulse in itertools.product(config.selectors, config.pulses):
            applied_voltage(config.selector(name), 1.0, pulse.current)  # refuses what it does not carry
        self.notes: set[str] = set()

    def content(self) -> str:
        """See `Plan`: the cells, which are files of their own."""
        return "".join(cell.technology.model_dump_json(exclude={"file"}) for cell in self.cells)

    def memory(self) -> int:
        """See `Plan`."""
        config = self.config
        count = min(config.slice, config.devices)
        device = max(getattr(cell.population(_SAMPLE), "nbytes", 0) / _SAMPLE for cell in self.cells)
        slices = count * (_COPIES * device + 8.0 * 6 * len(config.times))
        return int(max(slices, config.sizes[-1] ** 2 * _BYTES_CELL))

    def needs(self, key: Key) -> list[Key]:
        """See `Plan`."""
        if key[0] == _MERGED:
            return [(_SLICE, *key[1:3], k) for k in range(len(self.starts))]
        return [(_MERGED, *key[1:3])] if key[0] == _ARRAY else []

    def handed_on(self, key: Key, part: Part) -> Part:
        """See `Plan`: the reads of all devices may be more than memory holds, their tails are few."""
        return _without_reads(part)

    def task(self, key: Key, *needed: Part) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        config, cell, pulse = self.config, self.cells[key[1]], self.config.pulses[key[2]]
        if key[0] == _SLICE:
            first = self.starts[key[3]]
            return measure_slice, (config, cell, pulse, first, min(config.slice, config.devices - first))
        if key[0] == _MERGED:
            return merged, (config, pulse, cell.parameters.leads, list(map(_without_reads, needed)))
        name, wire, size = config.selectors[key[3]], config.wires[key[4]], config.sizes[key[5]]
        return measure_design, (config, name, wire, size, pulse, needed[0])

    def title(self) -> str:
        """See `PlacedPlan`."""
        return "pcmphys study of a design space"

    def coordinates(self) -> dict[str, Any]:
        """See `PlacedPlan`."""
        config = self.config
        currents = np.array([pulse.current for pulse in config.pulses])
        return {
            "cell": [cell.name for cell in self.cells],
            "pulse": [pulse.label for pulse in config.pulses],
            "current": ("pulse", currents, {"units": "A", "long_name": "current of the RESET pulse"}),
            "selector": list(config.selectors),
            "wire": ("wire", np.array(config.wires), {"units": "ohm", "long_name": "resistance of a wire segment"}),
            "size": ("size", np.array(config.sizes), {"units": "1", "long_name": "word lines and bit lines"}),
            "time": ("time", np.array(config.times), {"units": "s", "long_name": "time since programming"}),
            "state": list(STATES),
        }

    def attributes(self) -> dict[str, str]:
        """See `PlacedPlan`."""
        config = self.config
        return {
            "selectors": json.dumps({name: repr(config.selector(name)) for name in config.selectors}),
            "without_answer": json.dumps(sorted(self.notes)),
            "references": "\n\n".join(cite(cell) for cell in self.cells),
        }

    def layout(self) -> dict[str, Filling]:
        """See `PlacedPlan`."""
        config = self.config
        lengths = {
            "cell": len(self.cells), "pulse": len(config.pulses), "selector": len(config.selectors),
            "wire": len(config.wires), "size": len(config.sizes), "time": len(config.times),
        }  # fmt: skip
        found = {}
        for names, axes in ((_DEVICES, ("cell", "pulse")), (_ARRAYS, ("cell", "pulse", "selector", "wire", "size"))):
            for name, (over_time, unit, text) in names.items():
                whole = (*axes, "time") if over_time else axes
                found[name] = Filling(whole, tuple(lengths[axis] for axis in whole), unit, text)
        if config.keep_reads:
            count, times = min(config.slice, config.devices), len(config.times)
            shape = (len(self.cells), len(config.pulses), len(STATES), times, config.devices)
            axes = ("cell", "pulse", "state", "time", "device")
            piece = (1, 1, len(STATES), times, count)
            found["read"] = Filling(axes, shape, "S", "conductance read from each device, noise included", piece)
        return found

    def place(self, key: Key, part: Part) -> Places:
        """See `PlacedPlan`."""
        if key[0] == _SLICE:
            first = self.starts[key[3]]
            devices = slice(first, first + self.config.slice)
            return {"read": ((*key[1:3], ..., devices), part["reads"])} if "reads" in part else {}
        self.notes |= {f"{self.cells[key[1]].name}, {text}" for text in map(str, part.get("without_answer", ()))}
        return {name: (key[1:], part[name]) for name in (_DEVICES if key[0] == _MERGED else _ARRAYS)}

    def closing(self, found: dict[str, np.ndarray]) -> Variables:
        """See `PlacedPlan`."""
        threshold = found["weak_threshold"][:, :, None, None, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            margin = np.where(threshold > 0.0, 1.0 - found["write_disturb"] / threshold, np.nan)
        axes = ("cell", "pulse", "selector", "wire", "size")
        return {"disturb_margin": (axes, margin, "1", "(threshold - disturb) / threshold of the weakest low devices")}


_DEVICES = {
    "weak_high": (True, "S", "read of the device at the tail of the high state"),
    "weak_low": (True, "S", "read of the device at the tail of the low state"),
    "mean_high": (True, "S", "mean read in the high state"),
    "mean_low": (True, "S", "mean read in the low state"),
    "weak_threshold": (False, "V", "threshold voltage at the tail of the low state, first time"),
    "device_energy": (False, "J", "mean energy that a device takes with the RESET pulse"),
    "device_voltage": (False, "V", "across device and leads at the plateau of the RESET pulse"),
}
_ARRAYS = {
    "read_margin": (True, "1", "(high - low) / high of the sensed current, weak bits, worst case"),
    "write_voltage": (False, "V", "on the selected word line, so that the farthest device gets what it needs"),
    "write_energy": (False, "J", "from all terminals over the plateau of the RESET pulse"),
    "write_disturb": (False, "V", "largest across any other device meanwhile"),
}
"""Whether over time, unit and meaning of what is known of each cell and pulse, and of each array."""


def _without_reads(part: Part) -> Part:
    return {name: values for name, values in part.items() if name != "reads"}


def _physical(config: DesignSpaceConfig, name: str) -> Any:
    """A cell that takes pulses, and takes these; what does not is found here and not hours later."""
    cell = load_cell(config.path_or_name(name))
    devices = cell.population(1, seed=config.seed) if callable(getattr(cell, "population", None)) else None
    if not callable(getattr(devices, "apply", None)):
        raise ParameterError(
            f"cells: {name!r} takes no pulses (it is a film, or published moments of programmed devices); a design "
            "space needs physical cells, as ibm-90nm-doped-gst"
        )
    for number, pulse in enumerate((config.set_pulse, *config.pulses)):
        which = f"pulses.{number - 1}" if number else "set_pulse"
        try:
            devices.apply(pulse.pulse)
        except ParameterError as error:
            raise ParameterError(f"{which}: {error}") from None
    devices.wait(config.times[0], config.temperature)
    return cell


KIND = Kind(DesignSpaceConfig, DesignSpacePlan, report)
