"""The answer is the same, bit by bit, on any number of threads, and solves may run beside each other."""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Diode, Wires
from tests.crossbar.networks import logarithmic, random_network


@pytest.fixture
def threads():
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def solve_on(threads, number, cells, wires, voltage):
    threads(number)
    return Crossbar(cells, wires).solve(Bias.matvec(voltage))


def same(one, other):
    names = ("row_current", "column_current", "row_voltage", "column_voltage")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names) and (
        (one.residual, one.iterations) == (other.residual, other.iterations)
    )


@pytest.mark.parametrize("shape", [(512, 512), (1027, 259), (3, 90001), (90001, 3)])
def test_large_single_solve(threads, shape):
    rng = np.random.default_rng(31)
    cells, voltage = logarithmic(rng, 1e-7, 25e-6, shape), rng.random(shape[0])
    wires = Wires(row=1.0, column=2.0, sense=10.0) if min(shape) > 3 else Wires(row=1e-3, column=1e-3)
    assert same(*(solve_on(threads, number, cells, wires, voltage) for number in (1, 2)))


@pytest.mark.parametrize("resistance", [1.0, 300.0])
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_batch(threads, batch, resistance):
    rng = np.random.default_rng(32)
    cells, voltage = logarithmic(rng, 1e-7, 25e-6, (70, 50)), rng.normal(size=(70, batch))
    wires = Wires(row=resistance, column=resistance)
    assert same(*(solve_on(threads, number, cells, wires, voltage) for number in (1, 2)))


def test_batch_of_large_arrays(threads):
    rng = np.random.default_rng(33)
    cells, voltage = logarithmic(rng, 1e-7, 25e-6, (520, 510)), rng.normal(size=(520, 2))
    # bad wires: the shared polynomial is too short and each input gets its own, possibly threaded, iteration
    wires = Wires(row=20.0, column=20.0)
    currents = [solve_on(threads, number, cells, wires, voltage).column_current for number in (1, 2)]
    assert (currents[0] == currents[1]).all()


def test_solves_beside_each_other():
    rng = np.random.default_rng(34)
    xbars = [
        (Crossbar(n.cells, Wires(**n.wires)), n.voltage)
        for n in (random_network(rng, *rng.integers(1, 60, 2), ("scalar",) * 4) for _ in range(12))
    ]

    def work(job):
        xbar, voltage = xbars[job % 12]
        return xbar.solve(Bias.matvec(voltage if job % 2 else np.stack([voltage, -voltage], axis=1))).column_current

    alone = [work(job) for job in range(48)]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(work, range(48)))
    assert all(np.array_equal(a, b) for a, b in zip(alone, beside))


def reset_devices():
    devices = pcm.load_cell("ibm-90nm-doped-gst").population((6, 4), seed=3)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9), where=np.arange(24).reshape(6, 4) % 3 == 0)
    devices.wait(20.0)  # the glass has still to live through it when the solves begin
    return devices


@pytest.mark.parametrize("selector", [None, Diode(saturation_current=1e-9, ideality=1.3)])
def test_batches_on_arrays_of_devices(threads, selector):
    """Seven inputs on any number of threads: the bits of each input by itself, and devices that stay as they are."""
    voltage = np.random.default_rng(35).uniform(0.02, 0.25 if selector is None else 0.4, (6, 7))
    wires, devices = Wires(row=5.0, column=3.0), reset_devices()
    found = []
    for number in (1, 2, 4):
        threads(number)
        found.append(Crossbar(devices, wires, selector).solve(Bias.matvec(voltage)))
    for name in ("column_current", "row_voltage", "cell_current", "cell_voltage"):
        values = [getattr(solution, name) for solution in found]
        assert all(np.array_equal(values[0], other) for other in values[1:]), name
    for k in range(7):
        alone = Crossbar(devices, wires, selector).solve(Bias.matvec(voltage[:, k]))
        assert np.array_equal(found[0].column_current[:, k], alone.column_current)
    assert np.array_equal(devices.read(), reset_devices().read())


def test_arrays_of_the_same_devices_beside_each_other():
    """Six callers solve on one population at once, each on threads of its own: as if alone."""
    devices, wires = reset_devices(), Wires(row=5.0, column=3.0)
    voltage = np.random.default_rng(36).uniform(0.02, 0.25, (24, 6))

    def work(job):
        return Crossbar(devices, wires).solve(Bias.matvec(voltage[job % 24])).column_current

    with ThreadPoolExecutor(6) as pool:
        beside = list(pool.map(work, range(48)))
    assert all(np.array_equal(beside[job], work(job)) for job in range(48))
