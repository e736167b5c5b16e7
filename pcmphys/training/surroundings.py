"""What is around the devices of a matrix that is trained: tiles, wires, converters, trains."""

from __future__ import annotations

from dataclasses import dataclass, field

from pcmphys.crossbar import Wires
from pcmphys.matrix import Periphery
from pcmphys.training.trains import UpdateTrains


@dataclass(frozen=True)
class Surroundings:
    """What all planes of a matrix share.

    Attributes
    ----------
    tile : tuple of int
        Largest number of word and of bit lines of a tile; partial sums are added digitally.
    wires : Wires
        Of every tile.
    periphery : Periphery
        Converters at both ends: inputs forward and errors backward go through the same.
    trains : UpdateTrains
        How updates become pulses.
    refresh : int
        Updates after which the effect of the wires is computed anew.
    halvings : int
        How often a forward product that leaves the converter's range is repeated with inputs of half the size.
    """

    tile: tuple[int, int] = (512, 512)
    wires: Wires = field(default_factory=Wires)
    periphery: Periphery = field(default_factory=lambda: Periphery(dac_bits=7, adc_bits=9))
    trains: UpdateTrains = field(default_factory=UpdateTrains)
    refresh: int = 1
    halvings: int = 10
