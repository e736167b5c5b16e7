"""A cell that is trained in place for aihwkit: a module with a pulsed device of aihwkit's own kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.cells.pulsed.response import mean_steps
from pcmphys.errors import ParameterError
from pcmphys.export.exported import sources
from pcmphys.export.folder import check_folder, class_name, write_folder
from pcmphys.export.generated import plain, written

TAKEN = (
    "ConstantStepDevice", "ExpStepDevice", "LinearStepDevice", "PiecewiseStepDevice", "SoftBoundsDevice",
    "SoftBoundsReferenceDevice", "OneSidedUnitCell", "SingleRPUConfig", "UnitCellRPUConfig", "List", "dataclass",
    "field", "CELL", "G_MIN", "G_MAX", "rpu_config",
)  # fmt: skip
"""Names that the written module uses."""
_NODES = 33
"""Of a table of steps; aihwkit takes fewer than 64 on a GPU."""
_LOST = (
    "Siemens: weights arrive in the units of the update law; G_MIN and G_MAX say what its bounds conduct.",
    "Noise and drift of reads, durations of pulses: aihwkit's converters and inference models have their own.",
)
_LOST_BY_TABLE = (
    "Spread of the law's own shape over devices, and noise that changes with the weight otherwise than the step does: "
    "a table of mean steps at 33 weights, with one relative noise.",
)
_LOST_FIRST = "First pulses after a RESET, whose own rows the device has: there every step is one of the later ones."

_LOST_TAIL = "The distribution of what a RESET leaves: there it is normal, of the same mean and std."


@dataclass(frozen=True)
class ExportedDevice:
    """A device that was written.

    Attributes
    ----------
    folder : Path
        Where it lies.
    files : tuple of str
        Names of its files, beside the manifest.
    kind : str
        The kind of device of the target that it became.
    lost : tuple of str
        What does not arrive.
    """

    folder: Path
    files: tuple[str, ...]
    kind: str
    lost: tuple[str, ...]

    def __repr__(self) -> str:
        return f"ExportedDevice({self.kind}, {len(self.files)} files, {str(self.folder)[-80:]!r})"

    def summary(self) -> str:
        """Where it lies, what it became, and what does not arrive."""
        return "\n".join([f"folder  {self.folder}", f"device  {self.kind}", "lost", *(f"- {one}" for one in self.lost)])


class _Device(NamedTuple):
    """A kind of aihwkit's devices with its numbers, and what gets lost."""

    kind: str
    numbers: dict[str, Any]
    lost: tuple[str, ...] = ()


def pulsed_device(
    cell: PulsedCell, folder: str | Path, name: str = "PulsedDevice", *, overwrite: bool
) -> ExportedDevice:
    """Write a cell as a device of aihwkit; see `pcmphys.export.aihwkit`."""
    name = class_name(name, TAKEN)
    check_folder(folder, overwrite=overwrite)
    device = _device(cell)
    module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    files = {f"{module}.py": _text(cell, name, device).encode(), **sources(cell)}
    about = {"target": "aihwkit", "cell": cell.name, "class": name, "kind": device.kind}
    path = write_folder(folder, files, about, overwrite=overwrite)
    reset = cell.parameters.reset
    tail = [_LOST_TAIL] if reset is not None and reset.quantiles else []
    return ExportedDevice(path, tuple(sorted(files)), device.kind, (*_LOST, *device.lost, *tail))


def _device(cell: PulsedCell) -> _Device:
    p = cell.parameters
    if p.incremental_set is not None:
        raise ParameterError(
            f"cell {cell.name} has steps that depend on the pulses before, which no device of aihwkit keeps; "
            "pcmphys.fit.updates of its response gives one without"
        )
    found = _of_law(cell)
    return found._replace(numbers={**_common(p), **found.numbers})


def _common(p: PulsedParameters) -> dict[str, Any]:
    """What all kinds of device have: bounds, spread, imbalance, RESET, leak, stuck devices."""
    window, pulse = p.window, p.pulse
    if pulse.gain_spread and pulse.gain_log_spread:
        raise ParameterError(
            "pulse.gain_spread and pulse.gain_log_spread: aihwkit has one of them; both are above zero"
        )
    found = {
        "w_max": window.weight_maximum,
        "w_min": window.weight_minimum,
        "w_max_dtod": window.maximum_spread,
        "w_min_dtod": window.minimum_spread,
        "dw_min_dtod": pulse.gain_log_spread or pulse.gain_spread,
        "dw_min_dtod_log_normal": pulse.gain_log_spread > 0.0,
        "up_down": pulse.imbalance,
        "up_down_dtod": pulse.imbalance_spread,
    }
    if p.constant is None:
        found["write_noise_std"] = pulse.write_noise
    elif pulse.write_noise:
        raise ParameterError("pulse.write_noise must be 0 for aihwkit's devices of constant steps, which have none")
    if p.reset is not None:
        found |= {"reset": p.reset.weight, "reset_dtod": p.reset.spread, "reset_std": p.reset.noise}
    if p.leak is not None:
        found |= {"lifetime": p.leak.lifetime, "lifetime_dtod": p.leak.spread}
    if p.stuck is not None:
        found |= {"corrupt_devices_prob": p.stuck.probability, "corrupt_devices_range": p.stuck.range}
    return found


def _of_law(cell: PulsedCell) -> _Device:
    p = cell.parameters
    if p.constant is not None:
        return _Device("ConstantStepDevice", {"dw_min": p.constant.step, "dw_min_std": p.constant.noise})
    if p.linear is not None:
        law = p.linear
        numbers = {
            "dw_min": law.step, "gamma_up": law.decrease_up, "gamma_down": law.decrease_down,
            "gamma_up_dtod": law.decrease_up_spread, "gamma_down_dtod": law.decrease_down_spread,
            "mean_bound_reference": True, **_either(law.noise, law.constant_noise),
        }  # fmt: skip
        return _Device("LinearStepDevice", numbers)
    if p.exponential is not None:
        law = p.exponential
        numbers = {
            "dw_min": law.step, "dw_min_std": law.noise, "dw_min_std_add": law.noise_add,
            "dw_min_std_slope": law.noise_slope, "A_up": law.amplitude_up, "A_down": law.amplitude_down,
            "gamma_up": law.rate_up, "gamma_down": law.rate_down, "a": law.slope, "b": law.offset,
        }  # fmt: skip
        return _Device("ExpStepDevice", numbers)
    if p.soft_bounds_reference is not None:
        law = p.soft_bounds_reference
        if law.at_symmetry_point not in (0.0, 1.0):
            raise ParameterError(
                "soft_bounds_reference.at_symmetry_point must be 0 or 1 for aihwkit, which takes the symmetry "
                f"point off or does not; got {law.at_symmetry_point:g}"
            )
        numbers = {
            "dw_min": law.step, "reference_std": law.reference_spread,
            "subtract_symmetry_point": law.at_symmetry_point == 1.0, **_either(law.noise, law.constant_noise),
        }  # fmt: skip
        return _Device("SoftBoundsReferenceDevice", numbers)
    if p.soft_bounds is not None:
        law = p.soft_bounds
        return _Device("SoftBoundsDevice", {"dw_min": law.step, **_either(law.noise, law.constant_noise)})
    return _tabulated(p)


def _either(noise: float, constant: float) -> dict[str, Any]:
    """Noise that goes with the step, or with the step of a weight of zero."""
    if noise and constant:
        raise ParameterError("noise and constant_noise of the update law: aihwkit has one of them; both are above zero")
    return {"dw_min_std": noise or constant, "mult_noise": constant == 0.0}


def _tabulated(p: PulsedParameters) -> _Device:
    weight = np.linspace(p.window.weight_minimum, p.window.weight_maximum, _NODES)
    up, down = mean_steps(p, weight) / p.step
    if p.jump_table is not None:
        table = p.jump_table
        pairs = [(table.up, table.up_std), *([] if p.one_sided else [(table.down, table.down_std)])]
        ratios = np.concatenate([np.array(std) / np.maximum(np.abs(mean), 1e-3 * p.step) for mean, std in pairs])
        noise = float(np.median(ratios))
    elif p.nonlinear is not None:
        noise = p.nonlinear.noise * (p.window.weight_maximum - p.window.weight_minimum) / p.step
    else:
        noise = 0.0 if p.power is None else p.power.noise
    numbers = {"dw_min": p.step, "dw_min_std": noise, "piecewise_up": up, "piecewise_down": np.zeros_like(up)}
    if not p.one_sided:
        numbers["piecewise_down"] = down
    first = p.jump_table is not None and p.jump_table.fresh_up
    return _Device("PiecewiseStepDevice", numbers, (*_LOST_BY_TABLE, *([_LOST_FIRST] if first else [])))


def _text(cell: PulsedCell, name: str, device: _Device) -> str:
    lines = []
    for key, value in device.numbers.items():
        if isinstance(value, np.ndarray):
            lines.append(f"    {key}: List[float] = field(default_factory=lambda: {written(value)})")
        else:
            lines.append(f"    {key}: {type(value).__name__} = {value!r}")
    if cell.one_sided:
        config = f"""    return UnitCellRPUConfig(
        device=OneSidedUnitCell(unit_cell_devices=[{name}()], refresh_every=1)
    )"""
        imported = "SingleRPUConfig, UnitCellRPUConfig", "OneSidedUnitCell"
    else:
        config = f"    return SingleRPUConfig(device={name}())"
        imported = "SingleRPUConfig", ""
    window = cell.parameters.window
    source = f'"""Devices of {plain(cell.name)} for aihwkit, trained in place; written by pcmphys {_version()}.\n\n'
    source += 'Bounds of weights stand for the conductances G_MIN and G_MAX [S].\n"""\n\n'
    source += "from dataclasses import dataclass, field\nfrom typing import List\n\n"
    source += f"from aihwkit.simulator.configs.configs import {imported[0]}\n"
    if imported[1]:
        source += f"from aihwkit.simulator.configs.compounds import {imported[1]}\n"
    source += f"from aihwkit.simulator.configs.devices import {device.kind}\n\n"
    source += f"CELL = {plain(cell.name)!r}\n"
    source += f"G_MIN, G_MAX = {window.conductance_minimum!r}, {window.conductance_maximum!r}\n\n\n"
    source += f'@dataclass\nclass {name}({device.kind}):\n    """A device."""\n\n'
    source += "\n".join(lines)
    source += f'\n\n\ndef rpu_config():\n    """A configuration of tiles with such devices."""\n{config}\n'
    return source


def _version() -> str:
    return metadata.version("pcmphys")
