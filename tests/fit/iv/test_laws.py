"""Laws below threshold against integrals and against a layer worked out the slow way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from pcmphys.cells import load_cell
from pcmphys.errors import ParameterError
from pcmphys.fit import FitLaw, OhmicLaw, PooleDomeLaw, PooleFrenkelLaw, PooleLaw
from pcmphys.fit.iv.laws import Around, law_of, through
from pcmphys.physics.conduction.laws import field_voltage
from tests.oracles.iv import Layer

U, R = 30e-9, 20e-9
ALL = [PooleLaw(), PooleFrenkelLaw(), OhmicLaw(), PooleDomeLaw(heater_radius=R)]
X = np.array([0.0, 1e-12, 1e-6, 0.01, 0.3, 1.0, 4.0, 15.0, 60.0])


@pytest.mark.parametrize("law", ALL, ids=lambda law: law.name)
def test_a_shape_is_ohmic_at_first_bends_up_and_has_its_inverse(law):
    value, slope = law.shape(X, np.full(X.size, U))
    np.testing.assert_allclose(law.inverse(value, np.full(X.size, U)), X, rtol=1e-11, atol=1e-300)
    assert value[0] == 0.0
    assert slope[0] == pytest.approx(1.0)
    assert (np.diff(slope) >= -1e-12).all()
    if law.name != "poole-frenkel":  # whose second derivative is infinite at no field
        step = 1e-6 * X[4:]
        up, down = (law.shape(X[4:] + side * step, np.full(X.size - 4, U))[0] for side in (1, -1))
        np.testing.assert_allclose((up - down) / (2 * step), slope[4:], rtol=1e-6)


@pytest.mark.parametrize("thickness", [2e-9, 20e-9, 100e-9])
def test_a_dome_is_the_integral_over_its_radius(thickness):
    law = PooleDomeLaw(heater_radius=R)
    for x in (1e-3, 0.5, 3.0, 20.0, 100.0):
        y = float(law.shape(np.float64(x), thickness)[0])
        # J(r) / (s F0) with I = G V_s y and G = 2 pi s r_h (r_h + u) / u
        inner = quad(lambda r, y=y: np.arcsinh(y * R * (R + thickness) / r**2), R, R + thickness, epsrel=1e-12)[0]
        assert inner / thickness == pytest.approx(x, rel=1e-9)
        assert y >= np.sinh(x) * (1 - 1e-12)
    thin = law.shape(np.float64(3.0), 1e-12)[0]
    assert thin == pytest.approx(np.sinh(3.0), rel=1e-6)


def test_the_scale_is_that_of_the_cell():
    p = load_cell("ibm-90nm-doped-gst").parameters.conduction.pack()
    law = PooleLaw(p.least_thickness)
    for thickness, kelvin in ((25e-9, 300.0), (8e-9, 380.0)):
        ratio = law.ratio(thickness, law.material)
        assert float(law.scale(ratio, kelvin)) == pytest.approx(field_voltage(thickness, kelvin, p), rel=1e-14)
        assert law.thickness(ratio, law.material) == pytest.approx(thickness)
        assert law.material_of(ratio, thickness) == pytest.approx(p.least_thickness)
        assert law.ratio_at(float(law.scale(ratio, kelvin)), kelvin) == pytest.approx(ratio)


@pytest.mark.parametrize("name", ["poole", "poole-frenkel", "ohmic"])
@settings(max_examples=40, deadline=None)
@given(
    voltage=st.floats(0.0, 4.0),
    kelvin=st.floats(200.0, 420.0),
    series=st.sampled_from([0.0, 10.0, 2e3, 1e6]),
    beside=st.sampled_from([0.0, 1e-8]),
    log_conductance=st.floats(-10.0, -4.0),
)
def test_the_current_of_a_circuit_is_that_of_the_oracle(name, voltage, kelvin, series, beside, log_conductance):
    layer = Layer(10.0**log_conductance, law=name, series=series, beside=beside, reference=300.0)
    law = law_of(name, None)
    material = layer.permittivity if name == "poole-frenkel" else layer.hop
    grown = layer.conductance * np.exp(layer.activation / 8.617333262e-5 * (1 / 300.0 - 1 / kelvin))
    scale = law.scale(law.ratio(layer.thickness, material), kelvin)
    found = through(law, np.array([voltage]), grown, scale, Around(beside, series))
    assert found[0] == pytest.approx(layer.current(voltage, kelvin), rel=1e-7, abs=1e-30)


def test_laws_by_name_and_with_what_is_known():
    assert law_of("poole", 5e-9) == PooleLaw(5e-9)
    assert law_of(PooleDomeLaw(heater_radius=R), 6e-9) == PooleDomeLaw(6e-9, heater_radius=R)
    assert isinstance(law_of(PooleFrenkelLaw(12.0), None), FitLaw)
    for bad, words in [
        (("pool", None), "did you mean 'poole'"),
        (("ohmic", 5e-9), "belongs to the law 'poole'"),
        ((PooleLaw(5e-9), 5e-9), "given twice"),
        (("poole", 5.0), r"did you mean 5e-09 m \(5 nm\)"),
        (("poole", -1e-9), "hop_distance must be a number in m"),
    ]:
        with pytest.raises(ParameterError, match=words):
            law_of(*bad)
    with pytest.raises(ParameterError, match="permittivity"):
        PooleFrenkelLaw(0.5)
    with pytest.raises(ParameterError, match="heater_radius"):
        PooleDomeLaw(heater_radius=0.0)
