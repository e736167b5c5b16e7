"""The study of a whole chip: tiles of published moments, tiles behind wires, physical devices in a closed loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.cells import StatisticalCell, load_cell
from pcmphys.errors import ParameterError
from pcmphys.parameters import cite
from pcmphys.study.chip_scale import floors, report, work
from pcmphys.study.chip_scale.clocks import SPENT, together_on_the_clock
from pcmphys.study.chip_scale.settings import CLOSED_LOOP, PARTS, POPULATION, WIRES, ChipScaleConfig
from pcmphys.study.kind import Kind
from pcmphys.study.placed import Filling, PlacedPlan, Places
from pcmphys.study.plan import Key, Part, Variables

_FLOOR = len(PARTS)
"""First number of a floor's key; that of a tile or slice is its part's."""
_BYTES_DEVICE = 100.0
"""Memory [bytes] of a device of published moments while its tile is worked on."""
_BYTES_PAIR = 200.0
"""Memory [bytes] of a device of a pair while transfer matrices are found."""
_COPIES = 3.0
"""How often a closed loop holds the state of a physical device: itself, a look, a part of each."""
_SAMPLE = 1000


class ChipScalePlan(PlacedPlan):
    """A chunk for each tile or slice, and one for the floor of each part, among them."""

    def __init__(self, config: ChipScaleConfig) -> None:
        self.config: ChipScaleConfig = config
        given = {POPULATION: config.population.cell, WIRES: config.wires.cell, CLOSED_LOOP: config.closed_loop.cell}
        self.cells: dict[str, Any] = {
            part: _loaded(config, part, given[part]) for part in PARTS if part in config.parts
        }
        self.starts: list[int] = list(range(0, config.closed_loop.devices, config.closed_loop.slice))
        counts = {POPULATION: config.population.tiles, WIRES: config.wires.tiles, CLOSED_LOOP: len(self.starts)}
        self.chunks: list[Key] = []
        for part in self.cells:
            own: list[Key] = [(PARTS.index(part), k) for k in range(counts[part])]
            # in the middle of what it is the floor of, so that both see the same machine
            own.insert(len(own) // 2, (_FLOOR, PARTS.index(part)))
            self.chunks += own

    def content(self) -> str:
        """See `Plan`: the cells, which are files of their own."""
        return "".join(cell.technology.model_dump_json(exclude={"file"}) for cell in self.cells.values())

    def memory(self) -> int:
        """See `Plan`."""
        config, needed = self.config, [0.0]
        if POPULATION in self.cells:
            kept = 8.0 * len(config.population.times) * (2 if config.population.keep_reads else 1)
            needed.append(config.population.devices * (_BYTES_DEVICE + kept))
        if WIRES in self.cells:
            needed.append(config.wires.devices * _BYTES_PAIR)
        if CLOSED_LOOP in self.cells:
            device = self.cells[CLOSED_LOOP].population(_SAMPLE).nbytes / _SAMPLE
            needed.append(min(config.closed_loop.slice, config.closed_loop.devices) * _COPIES * device)
        return int(max(needed))

    def task(self, key: Key, *needed: Part) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        config = self.config
        part = PARTS[key[1] if key[0] == _FLOOR else key[0]]
        cell = self.cells[part]
        if key[0] == _FLOOR:
            return work.floor, (config, cell, part)
        if part == CLOSED_LOOP:
            first = self.starts[key[1]]
            count = min(config.closed_loop.slice, config.closed_loop.devices - first)
            return work.closed_loop_slice, (config, cell, first, count)
        return (work.population_tile if part == POPULATION else work.wires_tile), (config, cell, key[1])

    def title(self) -> str:
        """See `PlacedPlan`."""
        return "pcmphys study of a whole chip"

    def coordinates(self) -> dict[str, Any]:
        """See `PlacedPlan`."""
        config = self.config
        found: dict[str, Any] = {
            "part": list(self.cells),
            "floor_part": [f"{part}: {name}" for part in self.cells for name in floors.NAMES[part]],
        }
        if POPULATION in self.cells:
            targets = work.level_targets(config, self.cells[POPULATION])
            found["level"] = ("level", targets, {"units": "S", "long_name": "target conductance"})
            times = np.array(config.population.times)
            found["time"] = ("time", times, {"units": "s", "long_name": "time since programming"})
        return found

    def attributes(self) -> dict[str, str]:
        """See `PlacedPlan`."""
        cells = {cell.name: cell for cell in self.cells.values()}
        return {"references": "\n\n".join(cite(cell) for cell in cells.values())}

    def layout(self) -> dict[str, Filling]:
        """See `PlacedPlan`."""
        config, found = self.config, {}
        lengths = {
            "tile": config.population.tiles, "row": config.population.rows, "column": config.population.columns,
            "level": config.population.levels, "time": len(config.population.times), "pair": config.wires.tiles,
            "slice": len(self.starts), "device": config.closed_loop.devices,
            "floor_part": sum(len(floors.NAMES[part]) for part in self.cells),
        }  # fmt: skip
        pieces = {"device": config.closed_loop.slice, "tile": 1}
        for name, (axes, unit, text) in self._variables().items():
            shape = tuple(lengths[axis] for axis in axes)
            piece = tuple(pieces.get(axis, lengths[axis]) for axis in axes) if name in _LARGE else None
            found[name] = Filling(axes, shape, unit, text, piece)
        return found

    def place(self, key: Key, part: Part) -> Places:
        """See `PlacedPlan`."""
        if key[0] == _FLOOR:
            before = [name for name in self.cells if PARTS.index(name) < key[1]]
            first = sum(len(floors.NAMES[name]) for name in before)
            return {"floor": ((slice(first, first + len(part["floor"])),), part["floor"])}
        name = PARTS[key[0]]
        places: Places = {f"{_PREFIX[name]}_{spent}": ((key[1],), part[spent]) for spent in SPENT}
        if name == CLOSED_LOOP:
            first = self.starts[key[1]]
            devices = slice(first, first + self.config.closed_loop.slice)
            return places | {variable: ((devices,), part[variable.removeprefix("loop_")]) for variable in _OF[name]}
        return places | {variable: ((key[1],), part[variable]) for variable in self._own(name)}

    def closing(self, found: dict[str, np.ndarray]) -> Variables:
        """See `PlacedPlan`: what each part has taken in all, beside its floor."""
        columns = [self._summary(part, found) for part in self.cells]
        values = dict(zip(_SUMMARY, zip(*columns, strict=True), strict=True))
        return {name: (("part",), values[name], unit, text) for name, (unit, text) in _SUMMARY.items()}

    def _summary(self, part: str, found: dict[str, np.ndarray]) -> tuple[float, ...]:
        cpu, began, elapsed, memory = (found[f"{_PREFIX[part]}_{spent}"] for spent in SPENT)
        names = self.coordinates()["floor_part"]
        one = sum(value for name, value in zip(names, found["floor"], strict=True) if name.startswith(f"{part}: "))
        devices, times = self._sizes(part, found)
        core, seconds = float(cpu.sum()), together_on_the_clock(began, elapsed)
        return devices, core, seconds, devices / core, core / (times * one), float(memory.max())

    def _sizes(self, part: str, found: dict[str, np.ndarray]) -> tuple[int, float]:
        """Devices of a part, and how many times its floor it takes."""
        config = self.config
        if part == CLOSED_LOOP:
            return config.closed_loop.devices, float(found["loop_pulses"].sum())
        if part == WIRES:
            return config.wires.tiles * config.wires.devices, config.wires.tiles
        devices = config.population.tiles * config.population.devices
        return devices, devices

    def _own(self, part: str) -> list[str]:
        """Variables that a tile of a part fills."""
        kept = part == POPULATION and self.config.population.keep_reads
        return [*_OF[part], *(["reads"] if kept else [])]

    def _variables(self) -> dict[str, tuple[tuple[str, ...], str, str]]:
        found = {"floor": (("floor_part",), "s", "floor of a device, a pair of arrays, or a turn of a device")}
        for part in self.cells:
            axis = _AXIS[part]
            found |= {name: _VARIABLES[name] for name in self._own(part)}
            found |= {f"{_PREFIX[part]}_{spent}": ((axis,), *_SPENT[spent]) for spent in SPENT}
        return found


_PREFIX = {POPULATION: "population", WIRES: "wires", CLOSED_LOOP: "loop"}
_AXIS = {POPULATION: "tile", WIRES: "pair", CLOSED_LOOP: "slice"}
_OF = {
    POPULATION: ("programming_error", "level_mean", "level_spread"),
    WIRES: ("devices_error", "wires_error", "wires_gain"),
    CLOSED_LOOP: ("loop_error", "loop_pulses", "loop_converged"),
}
_LARGE = ("reads", *_OF[CLOSED_LOOP])
"""Variables with an entry for each device."""
_VARIABLES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "programming_error": (("tile",), "S", "programmed minus target conductance, rms over the tile"),
    "level_mean": (("tile", "level", "time"), "S", "mean read of a level"),
    "level_spread": (("tile", "level", "time"), "S", "standard deviation of the reads of a level"),
    "reads": (("tile", "time", "row", "column"), "S", "conductance read from each device, noise included"),
    "devices_error": (("pair",), "1", "relative rms error of products without wires, after the best gain"),
    "wires_error": (("pair",), "1", "the same with wires"),
    "wires_gain": (("pair",), "1", "what wires leave of the outputs: best gain with over that without them"),
    "loop_error": (("device",), "S", "programmed minus target conductance at the reference time"),
    "loop_pulses": (("device",), "1", "programming pulses spent"),
    "loop_converged": (("device",), "1", "whether the closed loop reached its margin"),
}
_SPENT = {
    "cpu": ("s", "time of its thread, of the machine that ran it"),
    "began": ("s", "when it began, since 1970-01-01"),
    "elapsed": ("s", "time on the clock"),
    "peak_memory": ("B", "most memory that the process had held by then, program included"),
}
_SUMMARY = {
    "devices": ("1", "devices in all"),
    "core_seconds": ("s", "of one core"),
    "seconds": ("s", "on the clock, with all threads or workers"),
    "rate": ("1/s", "devices a second of one core"),
    "distance": ("1", "time over the sum of its floors"),
    "memory": ("B", "most that a process has held, program included"),
}
"""Unit and meaning of what is said of each part."""


def _loaded(config: ChipScaleConfig, part: str, name: str) -> Any:
    """The cell of a part; what cannot be is found here and not later."""
    cell, table = load_cell(config.path_or_name(name)), part.replace("-", "_")
    if part != CLOSED_LOOP:
        if not isinstance(cell, StatisticalCell):
            raise ParameterError(f"{table}.cell: {name!r} is no statistical cell; as ibm-90nm-statistical is")
        return cell
    devices = cell.population(1) if callable(getattr(cell, "population", None)) else None
    if not callable(getattr(devices, "apply", None)):
        raise ParameterError(f"{table}.cell: {name!r} takes no pulses; a physical cell as ibm-90nm-doped-gst does")
    return cell


KIND = Kind(ChipScaleConfig, ChipScalePlan, report)
