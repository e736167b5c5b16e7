"""The numbers of a chip of tiles: one table a part, as its parameter file has them."""

from __future__ import annotations

from dataclasses import dataclass, field

_WHOLE = ("tile.rows", "tile.columns", "tile.devices", "array.phases", "chip.tiles", "converters.input_bits",
          "converters.output_bits")  # fmt: skip


@dataclass(frozen=True)
class TileParameters:
    """How many weights a tile holds, and on how much silicon."""

    rows: float = field(metadata={"unit": "1", "low": 1.0, "high": 1e6, "doc": "word lines: inputs of a tile"})
    columns: float = field(metadata={"unit": "1", "low": 1.0, "high": 1e6, "doc": "weight columns: outputs of a tile"})
    devices: float = field(metadata={"unit": "1", "low": 1.0, "high": 64.0, "doc": "devices of a weight"})
    area: float = field(metadata={"unit": "m2", "above": 0.0, "doc": "array with all that stands around it"})
    leakage: float = field(metadata={"unit": "W", "low": 0.0, "doc": "of a tile that is in use, busy or not"})


@dataclass(frozen=True)
class ArrayParameters:
    """How an array is read."""

    conductance: float = field(metadata={"unit": "S", "low": 0.0, "doc": "mean over all devices of a trained network"})
    voltage: float = field(metadata={"unit": "V", "above": 0.0, "doc": "on a word line that is on"})
    integration: float = field(metadata={"unit": "s", "above": 0.0, "doc": "longest time that a word line is on"})
    phases: float = field(metadata={"unit": "1", "low": 1.0, "high": 64.0, "doc": "reads of a product"})
    activity: float = field(metadata={"unit": "1", "low": 0.0, "high": 1.0, "doc": "mean part of the integration on"})
    line_capacitance: float = field(metadata={"unit": "F", "low": 0.0, "doc": "of one word line or bit line"})


@dataclass(frozen=True)
class ConverterParameters:
    """What turns numbers into voltages or durations and currents into numbers."""

    input_bits: float = field(metadata={"unit": "1", "low": 1.0, "high": 32.0, "doc": "of an input"})
    output_bits: float = field(metadata={"unit": "1", "low": 1.0, "high": 32.0, "doc": "of an output"})
    dac_energy: float = field(metadata={"unit": "J", "low": 0.0, "doc": "of a row and phase"})
    adc_energy: float = field(metadata={"unit": "J", "low": 0.0, "doc": "of a column and phase"})
    conversion: float = field(metadata={"unit": "s", "low": 0.0, "doc": "of a phase, after its integration"})
    setup: float = field(metadata={"unit": "s", "low": 0.0, "doc": "of a product, whatever its phases"})


@dataclass(frozen=True)
class DigitalParameters:
    """The digital unit beside each tile."""

    operation_energy: float = field(metadata={"unit": "J", "low": 0.0, "doc": "of one operation on one output"})
    rate: float = field(metadata={"unit": "1/s", "above": 0.0, "doc": "operations of one tile's unit"})


@dataclass(frozen=True)
class MeshParameters:
    """What carries numbers from tile to tile."""

    bit_energy: float = field(metadata={"unit": "J", "low": 0.0, "doc": "of one bit over one hop"})
    hop_time: float = field(metadata={"unit": "s", "low": 0.0, "doc": "of the first bit over one hop"})
    bandwidth: float = field(metadata={"unit": "1/s", "above": 0.0, "doc": "bits that leave a tile"})


@dataclass(frozen=True)
class ChipScope:
    """The chip around its tiles."""

    tiles: float = field(metadata={"unit": "1", "low": 1.0, "high": 1e6, "doc": "tiles of the chip"})
    standby: float = field(metadata={"unit": "W", "low": 0.0, "doc": "power that does not depend on what is computed"})
    area: float = field(metadata={"unit": "m2", "low": 0.0, "doc": "all that is no tile"})


@dataclass(frozen=True)
class SystemScope:
    """What a network needs besides chips."""

    bit_energy: float = field(metadata={"unit": "J", "low": 0.0, "doc": "of one bit from chip to chip, in or out"})
    bandwidth: float = field(metadata={"unit": "1/s", "above": 0.0, "doc": "bits over one edge of a chip"})
    operation_energy: float = field(metadata={"unit": "J", "low": 0.0, "doc": "of one operation outside of the chips"})
    standby: float = field(metadata={"unit": "W", "low": 0.0, "doc": "of all that is no chip"})


@dataclass(frozen=True)
class ChipParameters:
    """All numbers of a chip. SI units."""

    tile: TileParameters
    array: ArrayParameters
    converters: ConverterParameters
    digital: DigitalParameters
    mesh: MeshParameters
    chip: ChipScope
    system: SystemScope

    def inconsistency(self) -> str | None:
        """Numbers that count something and are not whole."""
        for path in _WHOLE:
            table, _, name = path.partition(".")
            value = getattr(getattr(self, table), name)
            if value != round(value):
                return f"{path}.value: expected a whole number; got {value:g}"
        return None
