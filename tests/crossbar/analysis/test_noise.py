"""Adjoint noise against Monte Carlo of the full solve, finite differences, and closed forms."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Wires
from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.crossbar import Diode
from pcmphys.errors import ParameterError
from tests.crossbar.networks import logarithmic

WIRES = Wires(row=5.0, column=3.0, sense=20.0)
SELECTORS = [None, Diode(saturation_current=1e-12, ideality=1.5)]


def array(selector, shape=(12, 9), seed=1, wires=WIRES):
    rng = np.random.default_rng(seed)
    cells = logarithmic(rng, 1e-6, 1e-4, shape)
    return Crossbar(cells, wires, selector), Bias.matvec(rng.uniform(0.5, 1.0, shape[0])), rng


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("wires", [Wires(), WIRES])
def test_sensitivity_is_the_derivative(selector, wires):
    xbar, bias, _ = array(selector, (4, 3), wires=wires)
    found = xbar.sensitivity(bias, 1)
    for i, j in np.ndindex(xbar.shape):
        ends = []
        for sign in (1.0, -1.0):
            changed = xbar.conductance.copy()
            changed[i, j] *= 1.0 + sign * 1e-4
            ends.append(Crossbar(changed, wires, selector).solve(bias).column_current[1])
        assert found[i, j] == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-5, abs=1e-6 * np.abs(found).max())


@pytest.mark.parametrize("selector", SELECTORS)
def test_noise_is_the_sum_of_squared_sensitivities(selector):
    xbar, bias, rng = array(selector)
    relative = rng.uniform(0.0, 0.02, xbar.shape)
    noise = xbar.noise(bias, relative)
    squares = np.array([(xbar.sensitivity(bias, k) * relative) ** 2 for k in range(xbar.shape[1])])
    np.testing.assert_allclose(noise.variance, squares.sum(axis=(1, 2)), rtol=1e-9)
    np.testing.assert_allclose(noise.share, squares.sum(axis=0) / squares.sum(), rtol=1e-9)
    assert np.asarray(noise) == pytest.approx(noise.std)
    assert noise.share.sum() == pytest.approx(1.0)
    assert noise.region(rows=slice(0, 5)) == pytest.approx(noise.share[:5].sum())
    assert noise.region([0, 2], slice(1, 3)) == pytest.approx(noise.share[[0, 2], 1:3].sum())
    with pytest.raises(ParameterError, match="region: rows and columns must be lines of"):
        noise.region([0, 700])


def monte_carlo(xbar, bias, relative, samples, rng):
    draws = [xbar.conductance * (1.0 + relative * rng.normal(size=xbar.shape)) for _ in range(samples)]
    return np.array([Crossbar(g, xbar.wires, xbar.selector).solve(bias).column_current for g in draws])


@pytest.mark.parametrize("selector", SELECTORS)
def test_noise_agrees_with_monte_carlo(selector):
    """Std of 1000 samples: its own relative std is 1/sqrt(2000) = 2.2 %; 9 columns within 4 of these (p = 6e-4)."""
    xbar, bias, rng = array(selector, wires=Wires(row=100.0, column=80.0, sense=200.0))
    samples = 1000
    found = monte_carlo(xbar, bias, 0.01, samples, rng).std(axis=0, ddof=1)
    ratio = found / xbar.noise(bias, 0.01).std
    assert np.abs(ratio - 1.0).max() < 4.0 / np.sqrt(2.0 * samples)
    # the twin that must fail: noise of the cells summed up as if there were no wires and no selector
    naive = 0.01 * np.sqrt((xbar.solve(bias).cell_current ** 2).sum(axis=0))
    assert np.abs(found / naive - 1.0).max() > 4.0 / np.sqrt(2.0 * samples)


def test_a_diode_lets_only_part_of_the_noise_through():
    xbar = Crossbar([[1e-3]], selector=Diode(saturation_current=1e-12, ideality=1.5))
    bias = Bias.matvec([0.6])
    solution = xbar.solve(bias)
    noise = xbar.noise(bias, 0.01)
    expected = 0.01 * solution.cell_current * solution.slope / 1e-3
    assert noise.std[0] == pytest.approx(expected[0, 0], rel=1e-9)
    assert noise.std[0] < 0.5 * 0.01 * solution.cell_current[0, 0]


def test_thermal_and_shot_noise_of_one_cell():
    xbar = Crossbar([[1e-5]])
    kwargs = {"bandwidth": 1e6, "temperature": 350.0}
    thermal = xbar.noise(Bias.matvec([1.0]), **kwargs).variance[0]
    assert thermal == pytest.approx(4 * BOLTZMANN * 350.0 * 1e-5 * 1e6, rel=1e-12)
    shot = xbar.noise(Bias.matvec([1.0]), **kwargs, fano=1.0).variance[0]
    assert shot == pytest.approx(2 * ELEMENTARY_CHARGE * 1e-5 * 1e6, rel=1e-6)
    quiet = xbar.noise(Bias.matvec([0.0]), **kwargs, fano=1.0).variance[0]
    assert quiet == pytest.approx(thermal, rel=1e-12)
    assert (xbar.noise(Bias.matvec([1.0])).variance == 0.0).all()


def test_devices_bring_the_noise_of_their_reads():
    devices = pcm.load_cell("ibm-90nm-statistical").population((3, 2), seed=3)
    devices.program(np.full((3, 2), 10e-6))
    devices.wait(20.0)  # noise of a read grows from its programming on
    bias, xbar = Bias.matvec([0.1, 0.2, 0.2]), Crossbar(devices)
    own = devices.now().relative_noise
    assert (own > 0.0).all()
    assert (xbar.noise(bias).std == xbar.noise(bias, own).std).all()
    assert (xbar.noise(bias, 0.0).std == 0.0).all()
    assert (Crossbar(xbar.conductance).noise(bias).std == 0.0).all()


def test_density_of_flicker_noise_adds_to_thermal_noise():
    xbar, bias, _ = array(None, (3, 2), wires=Wires())
    density = xbar.noise_density(bias, 1e-4)
    expected = 1e-4 * (xbar.solve(bias).cell_current ** 2).sum(axis=0)
    expected += 4 * BOLTZMANN * 300.0 * xbar.conductance.sum(axis=0)
    np.testing.assert_allclose(density.variance, expected, rtol=1e-12)


def test_noise_of_physical_cells_behind_a_selector():
    devices = pcm.load_cell("ibm-90nm-doped-gst").population((3, 2), seed=3)
    devices.program(np.full((3, 2), 10e-6))
    xbar = Crossbar(devices, WIRES, SELECTORS[1])
    bias = Bias.matvec([0.7, 0.8, 0.9])
    noise = xbar.noise(bias, 0.02)
    solution = xbar.solve(bias)
    assert ((noise.std > 0.0) & (noise.std < 0.02 * solution.column_current)).all()


def test_open_bottom_ends_have_no_noise():
    xbar, _, _ = array(None, (3, 2))
    bias = Bias.voltages([0.1, 0.2, 0.3], [0.0, np.nan])
    noise = xbar.noise(bias, 0.01)
    assert noise.std[1] == 0.0
    assert noise.std[0] > 0.0
    with pytest.raises(ParameterError, match="bit line 1 is open"):
        xbar.sensitivity(bias, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"relative_std": -0.1}, "relative_std"),
        ({"relative_std": np.zeros((2, 2))}, r"relative_std must be a number or have shape \(12, 9\)"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"temperature": 0.0}, "temperature"),
        ({"fano": 1.5}, "fano"),
    ],
)
def test_bad_input(arguments, message):
    xbar, bias, _ = array(None)
    with pytest.raises(ParameterError, match=message):
        xbar.noise(bias, **arguments)


def test_a_batch_is_refused():
    xbar, _, _ = array(None)
    with pytest.raises(ParameterError, match="one input"):
        xbar.noise(Bias.matvec(np.ones((12, 3))), 0.01)


@pytest.mark.parametrize("fano", [0.0, 0.3, 1.0])
def test_thermal_and_shot_noise_of_a_biased_resistor(fano):
    """At 1 V the two differ by a factor of 19: 4 k T G for F = 0, 2 q I coth(q V / 2 k T) for F = 1."""
    variance = Crossbar([[1e-5]]).noise(Bias.matvec([1.0]), 0.0, bandwidth=1e6, temperature=300.0, fano=fano).variance
    thermal, shot = 4.0 * BOLTZMANN * 300.0 * 1e-5, 2.0 * ELEMENTARY_CHARGE * 1e-5
    assert shot > 19.0 * thermal
    assert variance[0] == pytest.approx(1e6 * ((1.0 - fano) * thermal + fano * shot), rel=1e-9, abs=0)


def test_noise_does_not_depend_on_threads():
    import numba

    xbar, bias, rng = array(None, (40, 30))
    relative = rng.uniform(0.0, 0.02, xbar.shape)
    found, before = [], numba.get_num_threads()
    try:
        for threads in (1, 4):
            numba.set_num_threads(threads)
            found.append(xbar.noise(bias, relative))
    finally:
        numba.set_num_threads(before)
    assert all((one.variance == found[0].variance).all() and (one.share == found[0].share).all() for one in found)
