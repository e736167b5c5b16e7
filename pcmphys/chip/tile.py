"""What one product on a tile costs.

    E_mvm = sum G V^2 t + rows E_dac + columns E_adc + (rows + columns) C V^2
            + n_digital E_op + hops bits E_bit + E_leak

The array and the converters count once a phase: where a product is read in several (signs of inputs and weights one
after the other), each charges its lines and converts. The first term holds the real conductances, and the mean part of
the integration that a word line is on. The time from product to product is that of the slowest of three stages: analog
(phases of integration and conversion), digital, and sending.

References
----------
R. H. Walden, IEEE J. Sel. Areas Commun. 17, 539 (1999): a converter's energy doubles with each bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pcmphys.chip.chip import Chip, as_chip
from pcmphys.chip.cost import Breakdown, ScopeCost
from pcmphys.chip.devices import mean_conductance
from pcmphys.chip.parameters import ChipParameters
from pcmphys.errors import ParameterError
from pcmphys.numerics import check

_MOST = 10**6


class Stages(NamedTuple):
    """Times [s] of a product's three stages, which overlap from product to product."""

    analog: float
    digital: float
    sending: float

    @property
    def period(self) -> float:
        """From product to product."""
        return max(self)

    @property
    def latency(self) -> float:
        """Of one product."""
        return self.analog + self.digital + self.sending


def analog_time(p: ChipParameters) -> float:
    """Of one product [s]: all its phases, each integrated and then converted."""
    return p.array.phases * (p.array.integration + p.converters.conversion) + p.converters.setup


def array_energy(p: ChipParameters, weights: float, conductance: float) -> float:
    """Of the devices [J] that hold so many weights, for one product: sum G V^2 t."""
    time = p.array.phases * p.array.integration * p.array.activity
    return weights * p.tile.devices * conductance * p.array.voltage**2 * time


def product_energy(p: ChipParameters, rows: float, columns: float, array: float) -> dict[str, float]:
    """Of what each product uses [J]: rows and columns that are driven and converted, on all tiles together."""
    phases = p.array.phases
    return {
        "array": array,
        "dac": rows * phases * p.converters.dac_energy,
        "adc": columns * phases * p.converters.adc_energy,
        "lines": (rows + columns) * phases * p.array.line_capacitance * p.array.voltage**2,
    }


def tile_cost(
    rows: int,
    columns: int,
    conductance: Any = None,
    integration: float | None = None,
    bits: int | None = None,
    *,
    chip: Chip | str = "hermes-14nm",
    operations: float = 1.0,
    hops: int = 0,
) -> ScopeCost:
    """What one product of a tile costs, at the tile's scope.

    Parameters
    ----------
    rows, columns : int
        Inputs and weight columns; they may exceed the chip's own tile.
    conductance : float, array_like, devices, look or AnalogMatrix, optional [S]
        Conductances of the devices, whose mean over devices counts (a pair's idle device is one too); the chip's mean
        by default.
    integration : float, optional [s]
        Longest time that a word line is on, of each phase; the chip's by default.
    bits : int, optional
        Of the output; the energy of a conversion doubles with each (Walden 1999). The chip's by default.
    chip : Chip, str
        Where all other numbers come from.
    operations : float
        Digital operations on each output.
    hops : int
        Hops that each output travels; none by default, as sending belongs to the scope of the chip.

    Returns
    -------
    ScopeCost
        Of one product.

    Raises
    ------
    ParameterError
        Counts below one, negative conductances, a time that is not positive, an unknown chip.

    Notes
    -----
    The area is the chip's tile's, in proportion to the weights. Not modelled: converters whose energy or time depends
    on the integration time, drivers that cannot carry a larger tile, IR drop, time that a finer converter takes.

    Examples
    --------
    A tile of 512 x 512 weights at 5 uS, 100 ns and 8 bit: energy [J] by part

    >>> import pcmphys as pcm
    >>> cost = pcm.tile_cost(512, 512, 5e-6, 100e-9, 8)
    >>> cost.scope, round(1e9 * cost.energy.total, 1), round(1e-12 * cost.efficiency, 1)
    ('tile', 61.9, 8.5)
    >>> cost.energy["array"] == 512 * 512 * 4 * 5e-6 * 0.2**2 * 4 * 100e-9 * 0.125
    True

    From the conductances of real devices:

    >>> devices = pcm.load_cell("hermes-14nm-statistical").population((256, 256), seed=1)
    >>> _ = devices.program(2e-6)
    >>> bool(pcm.tile_cost(256, 256, devices).energy["array"] > pcm.tile_cost(256, 256, 1e-6).energy["array"])
    True
    """
    chip = as_chip(chip)
    p = chip.parameters
    rows, columns = check.integer("rows", rows, 1, _MOST), check.integer("columns", columns, 1, _MOST)
    hops = check.integer("hops", hops, 0, _MOST)
    count = check.number("operations", operations, "", 0.0)
    if integration is not None:
        time = check.number("integration", integration, "s", 0.0, low_open=True)
        p = _changed(chip, {"array.integration": time})
    scale = 1.0
    output = round(p.converters.output_bits)
    if bits is not None:
        scale = 2.0 ** (check.integer("bits", bits, 1, 24) - output)
        output = bits
    mean = p.array.conductance if conductance is None else mean_conductance(conductance)
    energy = product_energy(p, rows, columns, array_energy(p, rows * columns, mean))
    energy["adc"] *= scale
    energy["digital"] = columns * count * p.digital.operation_energy
    energy["sending"] = hops * columns * output * p.mesh.bit_energy
    share = rows * columns / (chip.rows * chip.columns)
    sending = columns * output / p.mesh.bandwidth if hops else 0.0
    stages = Stages(analog_time(p), columns * count / (p.digital.rate * max(share, 1.0)), sending)
    energy["leakage"] = p.tile.leakage * share * stages.period
    area = Breakdown({"tiles": p.tile.area * share}, "m2")
    return ScopeCost("tile", Breakdown(energy, "J"), area, stages.latency, stages.period, rows * columns)


def _changed(chip: Chip, changes: dict[str, float]) -> ChipParameters:
    try:
        return chip.but(changes).parameters
    except ParameterError as error:
        raise ParameterError(f"integration: {error}") from None
