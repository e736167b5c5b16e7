"""A film that crystallizes along a history of temperatures: closed forms, properties, refusals."""

import math

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.physics.crystallization.rates import growth_velocity, nucleation_rate

FILM = pcm.load_cell("gst225-film")
P = FILM.parameters.crystallization.pack()
WARM, HOT = 450.0, 520.0


def rates(temperature):
    return nucleation_rate(temperature, P), growth_velocity(temperature, P)


def half_time(temperature):
    """Time [s] at which half of the film is crystalline: pi/3 I v^3 t^4 = ln 2."""
    rate, velocity = rates(temperature)
    return (math.log(2.0) / (math.pi / 3.0 * rate * velocity**3)) ** 0.25


@pytest.mark.parametrize("temperature", [WARM, HOT, 600.0])
def test_at_one_temperature_it_is_avramis_law(temperature):
    """X = 1 - exp(-pi/3 I v^3 t^4) with no fit, and a grain for each nucleus that found a place."""
    rate, velocity = rates(temperature)
    end = 1.5 * half_time(temperature)
    film = FILM.anneal([0.0, end], [temperature, temperature])
    exact = 1.0 - np.exp(-math.pi / 3.0 * rate * velocity**3 * film.time**4)
    assert exact[-1] > 0.95
    np.testing.assert_allclose(film.crystalline, exact, rtol=0, atol=1e-7)
    born = rate * np.sum(0.5 * (2.0 - exact[1:] - exact[:-1]) * np.diff(film.time))
    assert film.grains == pytest.approx(born, rel=2e-4)
    assert film.grain_diameter == pytest.approx((6.0 * exact[-1] / (math.pi * born)) ** (1.0 / 3.0), rel=1e-4)
    assert (film.temperature == temperature).all()


def test_nuclei_of_one_temperature_grow_at_the_next():
    """A short anneal at one temperature, then a jump: the integral over both, in closed form."""
    first, second = 0.6 * half_time(WARM), 0.7 * half_time(HOT)
    film = FILM.anneal([0.0, first, first * (1.0 + 1e-12), first + second], [WARM, WARM, HOT, HOT])
    (rate, velocity), (hot_rate, hot_velocity) = rates(WARM), rates(HOT)
    grown = hot_velocity * second
    # nuclei of the first part have v1 s + v2 t2 for s from 0 to t1; those of the second v2 s
    moment = ((velocity * first + grown) ** 4 - grown**4) / (4.0 * velocity)
    volume = 4.0 * math.pi / 3.0 * (rate * moment + hot_rate * hot_velocity**3 * second**4 / 4.0)
    assert film.crystalline[-1] == pytest.approx(1.0 - math.exp(-volume), rel=1e-5)
    parts = [math.pi / 3.0 * i * v**3 * t**4 for (i, v), t in ((rates(WARM), first), (rates(HOT), second))]
    assert volume > 1.2 * sum(parts)  # two films apart would have less


def test_a_ramp_does_not_depend_on_how_it_is_written():
    """More points on a straight line, another zero of time, a read-only array: the same film."""
    time, temperature = np.array([0.0, 240.0]), np.array([300.0, 620.0])
    film = FILM.anneal(time, temperature)
    assert 0.99 < film.crystalline[-1] <= 1.0
    finer = np.linspace(0.0, 240.0, 7)
    others = [
        FILM.anneal(finer, np.interp(finer, time, temperature)),
        FILM.anneal(time + 1000.0, temperature),
        FILM.anneal([0, 240], [300, 620]),
    ]
    for other in others:
        assert other.grains == pytest.approx(film.grains, rel=1e-3)
        found = np.interp(film.time, other.time - other.time[0], other.crystalline)
        np.testing.assert_allclose(found, film.crystalline, rtol=0, atol=1e-4)
    assert (time.tolist(), temperature.tolist()) == ([0.0, 240.0], [300.0, 620.0])


def test_crystal_only_grows_and_a_slow_ramp_crystallizes_earlier():
    midpoints = []
    for minutes in (1.0, 4.0, 16.0):
        film = FILM.anneal([0.0, 60.0 * minutes], [300.0, 620.0])
        assert film.crystalline[0] == 0.0
        assert (np.diff(film.crystalline) >= 0.0).all()
        assert film.crystalline[-1] <= 1.0
        midpoints.append(np.interp(0.5, film.crystalline, film.temperature))
    assert midpoints[0] > midpoints[1] + 2.0 > midpoints[2] + 4.0


def test_a_cold_film_stays_as_it_is():
    film = FILM.anneal([0.0, 3.15e7], [300.0, 300.0])
    assert film.crystalline[-1] < 1e-3
    still = FILM.anneal([0.0, 1.0], [100.0, 100.0])
    assert still.crystalline[-1] == 0.0
    assert math.isnan(still.grain_diameter) == (still.grains == 0.0)


MELTING = FILM.parameters.crystallization.melting_temperature


@pytest.mark.parametrize(
    ("time", "temperature", "words"),
    [
        ([0.0, 2.0, 1.0], [300.0] * 3, r"time must increase strictly; time\[2\] = 1 s"),
        ([0.0, 0.0], [300.0] * 2, "time must increase strictly"),
        ([0.0], [300.0], "time must hold at least two points"),
        ([], [], "time must not be empty"),
        ([-1.0, 1.0], [300.0] * 2, r"time must hold finite numbers in s within \[0, inf"),
        ([0.0, np.nan], [300.0] * 2, r"time\[1\] is nan"),
        ([0.0, np.inf], [300.0] * 2, r"time\[1\] is inf"),
        ([[0.0, 1.0]], [[300.0] * 2], "time must have one axis|time must have 1 axes"),
        ([0.0, 1.0], [300.0] * 3, "temperature must have shape"),
        ([0.0, 1.0], 300.0, "temperature must have shape"),
        ([0.0, 1.0], [300.0, MELTING + 0.1], r"temperature must hold finite numbers in K within \[77"),
        ([0.0, 1.0], [76.9, 300.0], r"temperature\[0\] is 76.9 K"),
        ([0.0, 1.0], [300.0, np.nan], r"temperature\[1\] is nan"),
        ([0.0, 1.0], ["warm", "hot"], "temperature must be an array of real numbers"),
    ],
)
def test_refusals_name_argument_value_and_range(time, temperature, words):
    with pytest.raises(ParameterError, match=words):
        FILM.anneal(time, temperature)
