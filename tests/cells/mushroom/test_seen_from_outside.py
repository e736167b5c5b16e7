"""What a laboratory would read off the devices: barrier, hops, thresholds that recover, what scatters equal pulses."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import fit
from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from tests.cells.mushroom.mushroom_cells import CELL, P, alike, varied
from validation.experiments import incremental_set, published_increment

RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
DAY = 86400.0


def reset(count, cell=CELL, age=20.0, seed=7):
    devices = cell.population(count, seed=seed)
    devices.apply(RESET)
    devices.wait(age)
    return devices


def test_the_activation_energy_after_a_day_is_that_of_amorphous_gst():
    """0.36 to 0.45 eV are published; slope of ln G from 300 to 370 K, median of 400 devices."""
    devices = reset(400, age=DAY)
    kelvin = np.linspace(300.0, 370.0, 8)
    logs = np.log([devices.conductance(temperature=t) for t in kelvin])
    x = ELEMENTARY_CHARGE / (BOLTZMANN * kelvin)
    energy = -((x - x.mean()) @ logs) / ((x - x.mean()) ** 2).sum()
    assert 0.36 < np.median(energy) < 0.45
    # relaxation raises it: the fresh glass has that of the parameters
    assert np.median(energy) > P.conduction.amorphous_activation


@pytest.mark.parametrize("temperature", [250.0, 300.0, 350.0])
def test_the_hop_distance_is_found_in_the_i_v_of_a_smooth_dome(temperature):
    """Up to 21 MV/m, as measured; at any temperature the same, which real glasses below 200 K do not show."""
    devices = reset(1, alike(crystallization={"nucleation_factor": 0.0}, telegraph={"traps": 0.0}))
    thickness = float(devices.amorphous_thickness.mean())
    volts = np.linspace(0.05, 1.0, 30) * 21e6 * thickness
    look = devices.now(temperature)
    amps = np.array([look.current(v, on=False)[0].item() for v in volts])
    found = fit.iv(volts, amps, temperature=temperature, thickness=thickness)
    # 6 nm at 300 K are measured
    assert 4.5e-9 < found["hop_distance"].value < 7.5e-9


def test_the_low_field_current_is_almost_linear_and_falls_with_the_reset():
    """Closed domes, up to 0.2 V: I(0.2) below 1.25 times 2 I(0.1); the more current resets, the more resistance."""
    found = []
    for current in (500e-6, 550e-6, 600e-6):
        devices = CELL.population(400, seed=8)
        devices.apply(RESET, amplitude=current)
        devices.wait(20.0)
        half, full = (devices.current(v)[0] for v in (0.1, 0.2))
        assert 1.0 < np.median(full / (2.0 * half)) < 1.25
        found.append(np.median(full))
    assert (np.diff(found) < 0.0).all()


def test_the_threshold_recovers_after_a_reset_as_it_rose_after_the_one_before():
    """What drifted in a day is gone with the melt, and comes again: means of 2000 devices, 1 s after both, within 3 %.

    Their standard error is 0.6 %; an aged dome holds a few millivolts more at 440 uA, and melts 1 % deeper for it.
    """
    devices = reset(2000, age=1.0)
    devices.apply(RESET)
    devices.wait(1.0)
    first = devices.threshold_voltage().mean()
    devices.wait(DAY)
    aged = devices.threshold_voltage().mean()
    devices.apply(RESET)
    fresh = devices.threshold_voltage().mean()
    devices.wait(1.0)
    again = devices.threshold_voltage().mean()
    assert again == pytest.approx(first, rel=0.03)
    assert aged > 1.1 * first
    assert fresh < 0.8 * first


def test_the_threshold_stays_where_a_pulse_does_not_reach_it():
    """A read, or the half of a SET voltage, wakes no glass: only the time of the pulse has passed."""
    devices = reset(200, age=DAY)
    before = devices.threshold_voltage()
    devices.apply(pcm.Pulse(voltage=0.5, width=1e-6))
    devices.read()
    assert devices.threshold_voltage() == pytest.approx(before, rel=1e-6)


def test_the_plateau_is_one_whatever_the_reset():
    """From 200 uA on within 0.1 V of each other and of 0.8 V and the heater's share, SET and three RESETs."""
    voltage = []
    for current in (0.0, 380e-6, 440e-6, 500e-6):
        devices = CELL.population(200, seed=9)
        devices.apply(RESET, amplitude=current)
        devices.wait(20.0)
        voltage.append([np.median(devices.now().voltage(i)[0]) for i in (200e-6, 300e-6, 440e-6)])
    assert np.ptp(voltage, axis=0).max() < 0.1
    assert (np.abs(np.array(voltage) - P.heat.on_resistance * np.array([200e-6, 300e-6, 440e-6]) - 0.8) < 0.1).all()


@pytest.mark.slow
def test_texture_and_traps_are_what_scatters_equal_set_pulses():
    """Std of the change by each of 20 pulses of 100 uA over the published law: 1.25 at most without the two.

    4000 devices: a std is known within 2 %. Guards the diagnosis that neither the number of sectors nor missing
    currents between them make the scatter.
    """
    number = np.arange(1, 21)

    def worst(**tables):
        reads = 1e6 * incremental_set(varied(**tables), 100e-6, 4000, seed=10, pulses=20)
        law = published_increment(reads.mean(axis=1)[:-1], number)[1]
        return (np.diff(reads, axis=0).std(axis=1, ddof=1) / law).max()

    bare = worst(conduction={"texture_spread": 0.0}, telegraph={"traps": 0.0})
    assert bare < 1.25
    textured = worst(conduction={"texture_spread": 0.72}, telegraph={"traps": 0.0})
    assert textured > 1.3 * bare


def test_a_reset_leaves_one_device_in_a_hundred_open_and_the_next_closes_most():
    """As the README says. n = 5000: 53 were above 3 uS, 14 of them still after the next."""
    devices = CELL.population(5000, seed=9)
    left = []
    for _ in range(2):
        devices.apply(RESET)
        devices.wait(20.0)
        left.append(devices.now().conductance > 3e-6)
    assert 0.005 < left[0].mean() < 0.02
    assert left[1][left[0]].mean() < 0.5
