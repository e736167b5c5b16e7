"""What a network costs on a chip of tiles: tiles and chips, times, energy and area by part, and the noise behind them.

A chip is a parameter file (`load_chip`, `list_chips`): sizes, times and energies of its tiles, converters, digital
units, mesh and surroundings, each number with unit, source and kind. A network is a list of layers by their shapes, of
a known one (`network`), of a module, or by hand:

>>> import pcmphys as pcm
>>> plan = pcm.Floorplan([("first", 784, 256), ("second", 256, 10)], chip="hermes-14nm")
>>> plan.tiles, plan.chips, round(plan.utilisation, 2)
(5, 1, 0.62)

Each layer takes tiles of its own; what a pipeline of samples waits for is its slowest stage:

>>> [(stage.layer.name, stage.tiles, round(1e9 * stage.time)) for stage in plan.stages]
[('first', 4, 521), ('second', 1, 521)]

Energy, times and area come by part, at three scopes that are never mixed: the tiles, the chip around them, the system
around the chips. The parts of a scope sum to its total:

>>> cost = plan.cost(batch=1000)
>>> round(1e6 * cost.chip.energy.total / 1000, 2), max(cost.chip.energy, key=cost.chip.energy.get)
(1.8, 'standby')
>>> cost.tile.energy.total < cost.chip.energy.total < cost.system.energy.total
True

That a small network leaves most of a chip on standby is a result, not a mistake: one that fills the chip is ten times
as efficient.

>>> full = pcm.Floorplan([(f"layer {k}", 256, 256) for k in range(64)], "hermes-14nm")
>>> round(1e-12 * full.cost(batch=10**6).chip.efficiency, 2), round(1e-12 * cost.chip.efficiency, 2)
(2.48, 0.23)

One product of one tile, with the conductances of real devices or a number: `tile_cost`. What a conductance and an
integration time buy and cost: `trade_off`, and the figures `pcmphys.plot.efficiency_by_conductance` and
`pcmphys.plot.density_by_integration`. ``pcmphys study chip`` compares networks on chips.

A chip of your own is a parameter file (``base = "hermes-14nm"`` in it takes over what it does not say), or ``but`` of a
shipped one; a package ships its chips by an entry point of the group ``pcmphys.chips``, as it does cells.

Standing of the shipped chips
-----------------------------
No shipped chip prints the energy of every part. What is printed is a few totals, and the units here are calibrated to
these: that they come out again tests nothing. Numbers of which no source was at hand are ``assumed`` with a note, and
``chip.summary()`` lists them; `validation` holds what is a prediction against what is published.

Not modelled
------------
Two layers on one tile, convolutions that start before their input is complete, stalls on the mesh, buffers, attention
(its products of activations are digital), writing of weights, supply and clock as they depend on what is computed, time
of digital work outside of the chips.
"""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys.chip.chip import Chip, load_chip
    from pcmphys.chip.cost import Breakdown, Cost, ScopeCost
    from pcmphys.chip.devices import signal_to_noise
    from pcmphys.chip.floorplan import Floorplan, Stage
    from pcmphys.chip.layers import LayerShape
    from pcmphys.chip.links import Link
    from pcmphys.chip.networks import NETWORKS, convolution, lstm, network
    from pcmphys.chip.tile import Stages, tile_cost
    from pcmphys.chip.tradeoff import Optimum, TradeOff, trade_off
else:
    __getattr__, __dir__ = attach(
        __name__,
        {
            "pcmphys.chip.chip": "Chip load_chip",
            "pcmphys.chip.cost": "Breakdown Cost ScopeCost",
            "pcmphys.chip.devices": "signal_to_noise",
            "pcmphys.chip.floorplan": "Floorplan Stage",
            "pcmphys.chip.layers": "LayerShape",
            "pcmphys.chip.links": "Link",
            "pcmphys.chip.networks": "NETWORKS convolution lstm network",
            "pcmphys.chip.tile": "Stages tile_cost",
            "pcmphys.chip.tradeoff": "Optimum TradeOff trade_off",
        },
    )

__all__ = [
    "NETWORKS",
    "Breakdown",
    "Chip",
    "Cost",
    "Floorplan",
    "LayerShape",
    "Link",
    "Optimum",
    "ScopeCost",
    "Stage",
    "Stages",
    "TradeOff",
    "convolution",
    "load_chip",
    "lstm",
    "network",
    "signal_to_noise",
    "tile_cost",
    "trade_off",
]
