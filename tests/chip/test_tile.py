"""One product on a tile: the formula term by term, its limits, and conductances of real devices."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.constants import BOLTZMANN
from pcmphys.errors import ParameterError

HERMES = pcm.load_chip("hermes-14nm")
CELL = pcm.load_cell("hermes-14nm-statistical")
FREE = HERMES.but({
    "converters.dac_energy": 0.0, "converters.adc_energy": 0.0, "array.line_capacitance": 0.0,
    "digital.operation_energy": 0.0, "array.phases": 1, "array.activity": 1.0, "tile.devices": 1,
})  # fmt: skip


def test_the_energy_is_the_formula_term_by_term():
    chip = pcm.load_chip("ambrogio2023-14nm").but({
        "tile.leakage": 1e-3, "digital.operation_energy": 2e-13, "array.phases": 2, "converters.setup": 5e-9,
    })  # fmt: skip
    p = chip.parameters
    rows, columns, g, t = 512, 512, 3e-6, 50e-9
    cost = pcm.tile_cost(rows, columns, g, t, 8, chip=chip, operations=3.0, hops=2)
    expected = {
        "array": rows * columns * 4 * g * p.array.voltage**2 * 2 * t * 0.5,
        "dac": rows * 2 * p.converters.dac_energy,
        "adc": columns * 2 * p.converters.adc_energy,
        "lines": (rows + columns) * 2 * p.array.line_capacitance * p.array.voltage**2,
        "digital": columns * 3.0 * 2e-13,
        "sending": 2 * columns * 8 * p.mesh.bit_energy,
        "leakage": 1e-3 * cost.period,
    }
    assert dict(cost.energy) == pytest.approx(expected, rel=1e-12)
    assert cost.period == pytest.approx(2 * (t + 256e-9) + 5e-9)
    assert cost.efficiency == pytest.approx(2 * rows * columns / sum(expected.values()))
    assert cost.operations == 2 * rows * columns


def test_with_a_free_periphery_the_devices_are_left():
    for g, t in ((1e-6, 1e-8), (25e-6, 1e-6)):
        cost = pcm.tile_cost(256, 256, g, t, chip=FREE)
        assert cost.energy.total / cost.macs == pytest.approx(g * 0.2**2 * t, rel=1e-12)


def test_without_conductance_the_energy_does_not_depend_on_it():
    energies = [pcm.tile_cost(256, 256, g).energy.total for g in (0.0, 1e-15, 1e-12)]
    assert energies[1:] == pytest.approx([energies[0]] * 2, rel=1e-5)
    assert energies[0] > 0.0
    assert pcm.tile_cost(256, 256, 0.0, chip=FREE).efficiency == np.inf


def test_a_conversion_costs_twice_for_each_bit():
    eight, ten = (pcm.tile_cost(256, 256, bits=bits).energy for bits in (8, 10))
    assert ten["adc"] == 4.0 * eight["adc"]
    assert {part for part in eight if eight[part] != ten[part]} == {"adc"}


def test_conductances_of_real_devices_count():
    matrix = pcm.AnalogMatrix(np.random.default_rng(0).normal(size=(300, 40)), CELL, tile=(256, 256), seed=1)
    matrix.program()
    arrays = matrix.conductances()
    assert [one.shape for one in arrays] == [(2, 256, 40), (2, 44, 40)]
    mean = sum(one.sum() for one in arrays) / (2 * 300 * 40)
    by_matrix = pcm.tile_cost(256, 40, matrix).energy["array"]
    assert by_matrix == pytest.approx(pcm.tile_cost(256, 40, float(mean)).energy["array"], rel=1e-12)
    devices = CELL.population((8, 8), seed=2)
    devices.program(5e-6)
    ways = (devices, devices.now(), devices.conductance(), devices.conductance().mean())
    assert len({round(pcm.tile_cost(8, 8, one).energy["array"], 20) for one in ways}) == 1
    # a floorplan takes them layer by layer
    layers = [pcm.chip.LayerShape("a", 300, 40, conductance=matrix)]
    found = pcm.Floorplan(layers).cost().tile.energy["array"]
    assert found == pytest.approx(300 * 40 * 4 * mean * 0.04 * 4 * 128e-9 * 0.125, rel=1e-12)
    # drift makes a tile cheaper
    matrix.wait(1e6)
    assert pcm.tile_cost(256, 40, matrix).energy["array"] < 0.95 * by_matrix


@pytest.mark.parametrize(("arguments", "words"), [
    ({"rows": 0}, r"rows must be a whole number within \[1, 1000000\]; got 0"),
    ({"columns": 1.5}, "columns must be a whole number"),
    ({"conductance": -1e-6}, r"conductance must hold finite numbers in S within \[0, inf\)"),
    ({"conductance": [1e-6, np.nan]}, "conductance must hold finite numbers"),
    ({"integration": 0.0}, r"integration must be a number in s within \(0, inf\); got 0 s"),
    ({"integration": -1e-9}, "integration must be a number in s"),
    ({"bits": 30}, r"bits must be a whole number within \[1, 24\]"),
    ({"operations": -1.0}, "operations must be a number"),
    ({"hops": -1}, "hops must be a whole number"),
    ({"chip": "hermes"}, "chip 'hermes' is unknown"),
])  # fmt: skip
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ParameterError, match=words):
        pcm.tile_cost(**({"rows": 16, "columns": 16} | arguments))


def test_the_ratio_of_signal_and_noise_is_that_of_sampled_outputs():
    """Rows of devices that are read with noise and multiplied: the law of one device against the numbers themselves."""
    rows, reads, g, t = 64, 3000, 4e-6, 512e-9
    devices = CELL.population((reads, rows), seed=3)
    devices.program(g)
    devices.wait(3600.0)
    exact, read = devices.conductance(), devices.read(duration=t)
    x = np.random.default_rng(1).normal(size=(reads, rows))
    thermal = np.random.default_rng(2).normal(size=(reads, rows)) * np.sqrt(2 * BOLTZMANN * 300.0 * g / t) / 0.2
    noise = (x * (read - exact + thermal)).sum(axis=1)
    sampled = np.sqrt(((x * exact).sum(axis=1) ** 2).mean() / (noise**2).mean())
    law = float(pcm.chip.signal_to_noise(CELL, g, t, devices=5000)[0, 0])
    # two variances of as many samples: 1 / sqrt(reads) of their ratio's root, of which four
    allowed = 4.0 / np.sqrt(reads)
    assert sampled == pytest.approx(law, rel=allowed)
    assert sampled != pytest.approx(np.sqrt(2.0) * law, rel=allowed)


def test_the_heat_of_devices_bounds_the_signal():
    low = pcm.chip.signal_to_noise(CELL, [1e-6], [1e-12], voltage=1e-3)[0, 0]
    assert low == pytest.approx(np.sqrt(1e-6 * 1e-6 * 1e-12 / (2 * BOLTZMANN * 300.0)), rel=1e-3)


@pytest.mark.parametrize("name", ["hermes-14nm-statistical", "ibm-90nm-statistical", "ibm-90nm-doped-gst"])
def test_more_time_never_costs_signal(name):
    cell = pcm.load_cell(name)
    top = cell.conductance_maximum
    found = pcm.chip.signal_to_noise(cell, [0.1 * top, 0.9 * top], [1e-8, 1e-7, 1e-6], devices=40)
    assert (np.diff(found, axis=1) > 0.0).all()
    assert (found[1] > found[0]).all()
    # a read of the usual duration has the usual noise
    parameters = cell.parameters
    usual = getattr(parameters, "read_duration", None) or parameters.read.duration
    devices = cell.population((1, 40), seed=0)
    devices.program(np.full((1, 40), 0.9 * top))
    devices.wait(3600.0)
    rms = np.sqrt((devices.now().relative_noise ** 2).mean())
    quiet = pcm.chip.signal_to_noise(cell, 0.9 * top, usual, devices=40, voltage=1e3)[0, 0]
    assert quiet == pytest.approx(1.0 / rms, rel=1e-6)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"conductance": 20e-6}, "conductance must lie above 0 S and up to 1.035e-05 S"),
    ({"conductance": 0.0}, "conductance must lie above 0 S"),
    ({"integration": 0.0}, "integration must hold finite numbers in s"),
    ({"voltage": 0.0}, "voltage must be a number in V"),
    ({"devices": 0}, "devices must be a whole number"),
])  # fmt: skip
def test_noise_of_wrong_conductances_and_times_is_refused(arguments, words):
    given = {"conductance": 1e-6, "integration": 1e-7} | arguments
    with pytest.raises(ParameterError, match=words):
        pcm.chip.signal_to_noise(CELL, **given)


def test_the_optimum_has_two_sides():
    trade = pcm.chip.trade_off(HERMES, CELL, np.geomspace(1e-7, 1.035e-5, 20), [1e-8, 1e-7, 1e-6])
    assert (np.diff(trade.efficiency, axis=0) < 0.0).all()
    assert (np.diff(trade.density, axis=1) < 0.0).all()
    best = trade.best(20.0)
    k = int(np.argmin(abs(trade.conductance - best.conductance)))
    assert 0 < k < 19
    j = int(np.argmin(abs(trade.integration - best.integration)))
    assert trade.decibel[k - 1, j] < 20.0  # less conductance has not the signal
    assert (trade.efficiency[k + 1] < best.efficiency).all()  # more costs energy
    assert best.decibel >= 20.0
    assert trade.best(60.0) is None
    assert trade.best(20.0, of="density").density >= best.density
    with pytest.raises(ParameterError, match="of must be one of efficiency, density"):
        trade.best(20.0, of="energy")
    with pytest.raises(ParameterError, match="rows of numbers"):
        pcm.chip.trade_off(HERMES, CELL, [[1e-6]])
