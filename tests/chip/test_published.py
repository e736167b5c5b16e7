"""Totals that are published: those that units are calibrated to come out again, and predictions lie where they should.

A calibrated total tests that the bookkeeping is consistent (operations, phases, tiles, scopes), and nothing else.
"""

from __future__ import annotations

import pytest

import pcmphys as pcm
from pcmphys.chip import network

MANY = 10**9


def full(chip):
    """All tiles of a chip in one pipeline, each with all its weights."""
    return pcm.Floorplan([(f"tile {k}", chip.rows, chip.columns) for k in range(chip.tiles)], chip)


@pytest.mark.parametrize(("phases", "tops", "per_watt", "pass_", "mac", "energy", "power"), [
    (1, 63.1e12, 9.76e12, 132.9e-9, 0.205e-12, 0.859e-6, 6.47),
    (4, 16.1e12, 2.48e12, 521e-9, 0.806e-12, 3.38e-6, 6.49),
])  # fmt: skip
def test_the_bookkeeping_of_hermes(phases, tops, per_watt, pass_, mac, energy, power):
    plan = full(pcm.load_chip("hermes-14nm").but({"array.phases": phases}))
    assert (plan.tiles, plan.chips, plan.utilisation) == (64, 1, 1.0)
    cost = plan.cost(MANY).chip
    one_mac, one_pass = cost.energy.total / cost.macs, cost.energy.total / MANY
    found = (cost.throughput, cost.efficiency, cost.period, one_mac, one_pass, cost.power)
    assert found == pytest.approx((tops, per_watt, pass_, mac, energy, power), rel=0.01)


def test_the_step_of_an_lstm_on_hermes():
    """Its energy is what the standby power is calibrated to; its time is not in any unit: a prediction."""
    plan = pcm.Floorplan(network("lstm"), "hermes-14nm")
    cost = plan.cost().chip
    assert plan.tiles == 26
    assert cost.latency == pytest.approx(1.43e-6, rel=0.2)
    assert cost.energy.total == pytest.approx(5.24e-6, rel=0.01)
    # with all that is calibrated on the full chip put on the products alone, no mapping of it comes near
    product = 3.38e-6 / 64
    assert 5.24e-6 / product > 1.5 * 64


def test_ambrogio():
    chip = pcm.load_chip("ambrogio2023-14nm")
    assert chip.cells == 34 * 512 * 2048 == 35_651_584
    plan = full(chip)
    assert (plan.tiles, plan.chips) == (34, 1)
    cost = plan.cost(MANY)
    assert (cost.tile.efficiency, cost.chip.efficiency, cost.system.efficiency) == pytest.approx(
        (20.0e12, 12.4e12, 6.94e12), rel=0.01
    )
    half = full(chip.but({"array.integration": 0.5 * chip.parameters.array.integration})).cost(MANY).chip
    assert half.efficiency == pytest.approx(15.4e12, rel=0.10)
    # a share of 39 % of the chip's energy goes with the integration time, if halving it gives 15.4
    share = 2.0 * (1.0 - half.energy.total / cost.chip.energy.total)
    assert share == pytest.approx(cost.chip.energy.shares["array"], rel=1e-9)
    assert 0.2 < share < 0.5


def test_marinella():
    cost = pcm.tile_cost(1024, 1024, chip="marinella2018")
    assert cost.energy.total == pytest.approx(12.8e-9, rel=0.01)
    assert cost.energy.total / cost.macs == pytest.approx(12.2e-15, rel=0.01)
    assert cost.latency == pytest.approx(0.384e-6, rel=0.1)
    assert cost.period == pytest.approx(0.384e-6, rel=1e-9)


def test_bands():
    chang = full(pcm.load_chip("chang2019-90nm")).cost(MANY).chip
    assert 12e12 <= chang.efficiency <= 14e12
    rpu = full(pcm.load_chip("gokmen-vlasov-rpu")).cost(MANY).chip
    assert rpu.efficiency == pytest.approx(84e12, rel=0.01)


def test_chips_are_tiles_over_tiles_of_a_chip():
    for tiles, chips in ((1, 1), (34, 1), (35, 2), (68, 2), (69, 3)):
        plan = pcm.Floorplan([("one", 512, 512 * tiles)], "ambrogio2023-14nm")
        assert (plan.tiles, plan.chips) == (tiles, chips)
