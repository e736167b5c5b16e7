"""Noise of mushroom devices against the exact statistics of two-state traps: variance, memory, average over a read."""

import math

import numpy as np
import pytest

from pcmphys.physics.state import SECTORS
from pcmphys.physics.telegraph import laws as telegraph
from tests.cells.mushroom.mushroom_cells import WARM, P, alike

COUNT = 60_000
RATES = telegraph.relaxation_rates(P.telegraph)


def mean_of_read(duration):
    """Variance of a trap's average over a read relative to that of its state, mean over the grid."""
    x = RATES * duration
    small = x < 1e-4
    exact = 2.0 * (x + np.expm1(-x)) / np.where(small, 1.0, x**2)
    return np.where(small, 1.0 - x / 3.0, exact).mean()


def memory_of_read(gap, duration):
    """Covariance of two such averages, ``gap`` from the end of one to the beginning of the other."""
    x = RATES * duration
    return ((-np.expm1(-x) / x) ** 2 * np.exp(-RATES * gap)).mean()


def trap_cell(traps=30.0, ratio=1.0, size=1e-3):
    """All sectors alike and crystalline; so weak that the reading is linear in the traps."""
    table = {"traps": traps, "emission_over_capture": ratio, "boundary_amplitude": size, "crowding": 0.0}
    return alike(telegraph=table)


class Traps:
    """Devices with traps beside one without, which reads what all of them would without noise."""

    def __init__(self, count=COUNT, seed=21, warm=True, **changes):
        self.devices = trap_cell(**changes).population(count, seed=seed)
        self.quiet = trap_cell(traps=0.0).population(1, seed=seed)
        if warm:
            report = self.devices.apply(WARM)
            self.quiet.apply(WARM)
            assert P.crystallization.viscosity.glass_temperature < report.peak_temperature.min()
            assert report.peak_temperature.max() < P.crystallization.melting_temperature
            # what the pulse made young conducts a little better, until all sectors are as old again
            self.wait(1e9)

    def wait(self, duration):
        self.devices.wait(duration)
        self.quiet.wait(duration)

    def read(self, duration=250e-9):
        """Relative noise of a read."""
        return self.devices.read(duration=duration) / self.quiet.read(duration=duration) - 1.0


@pytest.mark.parametrize(("ratio", "filled"), [(1.0, 0.5), (3.0, 0.75)])
def test_one_trap_has_two_states_as_often_as_it_should(ratio, filled):
    size = 0.01
    traps = Traps(traps=1.0, ratio=ratio, size=size)
    traps.wait(1.0)
    noise = traps.read()
    # its sector is one of 16: e^-(A n) with n = 1 - f or -f; amplitudes are kept in single precision
    up, down = math.expm1(size * filled) / SECTORS, math.expm1(-size * (1.0 - filled)) / SECTORS
    empty, full = np.abs(noise - up) < 1e-10, np.abs(noise - down) < 1e-10
    # the others changed within the read: of 14 decades of time constants those near or below its 250 ns
    between = ~(empty | full)
    assert between.mean() < 0.03
    assert noise.max() <= up + 1e-10
    assert noise.min() >= down - 1e-10
    # n = 60 000: standard deviation of the fraction 0.002; five of them, and what changed within the read
    allowed = 5 * math.sqrt(filled * (1 - filled) / COUNT) + between.mean()
    assert full.mean() == pytest.approx(filled, abs=allowed)
    assert full.mean() != pytest.approx(filled - 0.1, abs=allowed)


def test_one_trap_changes_within_a_read_as_often_as_it_should():
    """Nine times as long filled as empty, tau = 1 us, read for half of that: P(never changes) = e^(-rate of leaving).

    A twin that takes the rate of the state before the wait lets an empty trap change too rarely: 0.1 e^-0.05 = 0.095
    of the devices would stay empty instead of 0.064.
    """
    size, filled, duration = 0.01, 0.9, 0.5e-6
    table = {"traps": 1.0, "emission_over_capture": 9.0, "boundary_amplitude": size, "crowding": 0.0}
    cell = alike(telegraph=table | {"fastest": 1e-6, "slowest": 1.0001e-6, "activation": 0.0})
    devices, quiet = cell.population(COUNT, seed=22), trap_cell(traps=0.0).population(1, seed=22)
    for each in (devices, quiet):
        each.wait(1.0)
    noise = devices.read(duration=duration) / quiet.read(duration=duration) - 1.0
    up, down = math.expm1(size * filled) / SECTORS, math.expm1(-size * (1.0 - filled)) / SECTORS
    for level, chance in ((up, 0.1 * math.exp(-0.9 * 0.5)), (down, 0.9 * math.exp(-0.1 * 0.5))):
        allowed = 5.0 * math.sqrt(chance * (1.0 - chance) / COUNT)  # n = 60 000: 0.005 and 0.007
        assert np.mean(np.abs(noise - level) < 1e-10) == pytest.approx(chance, abs=allowed)


@pytest.mark.parametrize("warm", [True, False], ids=["pulsed", "never pulsed"])
@pytest.mark.parametrize("wait", [0.0, 1e6])
def test_noise_is_stationary_with_the_variance_of_all_traps(wait, warm):
    traps = Traps(warm=warm)
    traps.wait(wait)
    noise = traps.read()
    stated = 30 * 0.25 * (1e-3 / SECTORS) ** 2 * mean_of_read(250e-9)
    # n = 60 000: a variance has a relative standard error of sqrt(2/n) = 0.6 %; four of them
    assert noise.var() == pytest.approx(stated, rel=0.023)
    assert abs(noise.mean()) < 4 * math.sqrt(stated / COUNT) + 1e-7  # and the square of the amplitude
    # a trap less would not do
    assert noise.var() * 29 / 30 != pytest.approx(stated, rel=0.023)


@pytest.mark.parametrize("gap", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_structure_function_between_two_reads(gap):
    traps, duration = Traps(), 250e-9
    traps.wait(10.0)
    first = traps.read()
    traps.wait(gap)
    change = (traps.read() - first) ** 2
    variance = 30 * 0.25 * (1e-3 / SECTORS) ** 2
    stated = 2 * variance * (mean_of_read(duration) - memory_of_read(gap, duration))
    error = change.std() / math.sqrt(COUNT)
    # n = 60 000; four standard errors, 3 to 10 % here
    assert abs(change.mean() - stated) < 4 * error
    assert 4 * error < 0.12 * stated
    # 1/f: equal ratios of time add equal amounts; a gap ten times as long is caught
    later = 2 * variance * (mean_of_read(duration) - memory_of_read(10 * gap, duration))
    assert abs(change.mean() - later) > 4 * error


def test_the_structure_function_grows_with_the_logarithm_of_time():
    traps = Traps()
    first, growth = traps.read(), []
    for gap in np.geomspace(1e-4, 1e6, 6):
        traps.wait(gap - traps.devices.time % 1.0 if gap > 1.0 else gap)
        growth.append(((traps.read() - first) ** 2).mean())
    steps = np.diff(growth)
    # two decades of 14 each time: 2 variance 2/14; n = 60 000, correlated, standard error of a step about 5 %
    stated = 2 * 30 * 0.25 * (1e-3 / SECTORS) ** 2 * 2 / 14
    assert steps == pytest.approx(stated, rel=0.25)


@pytest.mark.parametrize("duration", [1e-6, 1e-3, 10.0, 1e5])
def test_a_longer_read_averages_more_traps_away(duration):
    traps = Traps()
    noise = traps.read(duration)
    stated = 30 * 0.25 * (1e-3 / SECTORS) ** 2 * mean_of_read(duration)
    # n = 60 000: four standard errors of a variance
    assert noise.var() == pytest.approx(stated, rel=0.023)
    if duration > 1e-5:  # a sample of the traps instead of their average would be caught
        assert noise.var() != pytest.approx(stated / mean_of_read(duration), rel=0.05)


def test_reads_one_after_the_other_are_one_long_read():
    """Ten reads of a millisecond each average to one of ten: variance by the law of the whole."""
    traps = Traps(count=20_000)
    noise = np.mean([traps.read(1e-3) for _ in range(10)], axis=0)
    stated = 30 * 0.25 * (1e-3 / SECTORS) ** 2 * mean_of_read(1e-2)
    # n = 20 000: four standard errors of 1 %
    assert noise.var() == pytest.approx(stated, rel=0.04)


def test_reading_some_leaves_the_traps_of_the_others_in_time():
    """Half of the devices are read more often: all end with the structure function of their own last gap."""
    traps = Traps(count=40_000)
    some = np.arange(40_000) % 2 == 0
    first = traps.read()
    for _ in range(3):
        traps.wait(1.0)
        traps.devices.read(duration=250e-9, where=some)
        traps.quiet.read(duration=250e-9)
    traps.wait(1.0)
    change = (traps.read() - first) ** 2
    stated = 2 * 30 * 0.25 * (1e-3 / SECTORS) ** 2 * (mean_of_read(250e-9) - memory_of_read(4.0, 250e-9))
    for group in (some, ~some):
        error = change[group].std() / math.sqrt(group.sum())
        assert abs(change[group].mean() - stated) < 4 * error


def test_few_strong_traps_make_jumps():
    """Fourth moment of the noise of a device over its variance squared: as of traps of exponential amplitudes.

    Of n independent two-state traps, filled half of the time, of amplitude A_k: 3 - 2 sum A^4 / (sum A^2)^2. Traps
    that are all alike would have 3 - 2/30 = 2.93.
    """
    traps = Traps(warm=False)
    traps.wait(1.0)
    noise = traps.read()
    kurtosis = (noise**4).mean() / noise.var() ** 2
    w = telegraph.weights(30)
    stated = 3.0 - 2.0 * (w**4).sum() / (w**2).sum() ** 2
    # n = 60 000: standard error sqrt(24/n) = 0.02; averages over the read take a little away
    assert kurtosis == pytest.approx(stated, abs=0.08)
    assert kurtosis != pytest.approx(3.0 - 2.0 / 30.0, abs=0.08)
