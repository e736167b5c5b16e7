"""Places in the integral of nucleation: the guide shortens the search and changes nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.physics.crystallization import rates, tables

P = pcm.load_cell("ibm-90nm-doped-gst").parameters.crystallization.pack()
_, NUCLEI, GUIDE, ACTIVITY, RESTING = tables.tables(P)
LAST = NUCLEI.shape[0] - 2


def without_guide(value: float, below: int, above: int) -> float:
    """Search by all entries, one after the other."""
    while below + 1 < above and NUCLEI[below + 1, 0] <= value:
        below += 1
    width = NUCLEI[below, 1]
    return below + ((value - NUCLEI[below, 0]) / width if width > 0.0 else 0.0)


@given(st.floats(0.0, LAST), st.floats(0.0, LAST), st.floats(0.0, 1.0))
def test_a_place_is_that_of_a_search_without_a_guide(one, other, along):
    rim, heater = sorted([one, other])
    low, high = tables.at(NUCLEI, rim), tables.at(NUCLEI, heater)
    value = low + along * (high - low)
    below, above = int(rim), int(heater) + 1
    assert tables.place_of(NUCLEI, GUIDE, value, below, above) == without_guide(value, below, above)


def test_activity_bounds_growth_and_nuclei_at_all_that_is_colder():
    velocity = tables.tables(P)[0]
    assert (np.diff(ACTIVITY) >= 0.0).all()
    assert ACTIVITY[-1] == 1.0
    assert (velocity[:, 0] <= ACTIVITY * velocity[:, 0].max() * (1.0 + 1e-12)).all()
    assert (NUCLEI[:, 0] <= ACTIVITY * NUCLEI[-1, 0] * (1.0 + 1e-12)).all()
    # cold is cold: 520 K against 700 K
    assert ACTIVITY[320] < 2e-4 < 0.5 < ACTIVITY[500]


def test_nuclei_come_up_where_the_guide_says():
    where = GUIDE[2]
    total = NUCLEI[-1, 0]
    assert 0.0 < where.hot < where.last < NUCLEI.shape[0]
    assert NUCLEI[int(where.hot) - 1, 0] < total / 32 <= where.colder == NUCLEI[int(where.hot), 0]
    assert total - NUCLEI[int(where.last), 0] <= 1e-12 * total


def test_every_entry_is_found_at_itself_where_the_table_rises():
    rises = np.flatnonzero(NUCLEI[:, 1] > 0.0)
    assert rises.size > 200
    assert [tables.place_of(NUCLEI, GUIDE, NUCLEI[k, 0], 0, LAST + 1) for k in rises] == rises.tolist()


def test_without_nucleation_there_is_nothing_to_be_guided_to():
    flat = np.zeros((10, 2))
    guide = tables.guide(flat[:, 0])
    assert tables.place_of(flat, guide, 0.0, 3, 7) in range(3, 7)


def test_a_rim_comes_to_rest_in_the_time_that_its_velocity_says():
    """The integral of one over the velocity up to a tenth of a kelvin below melting; trapezia are a little too long."""
    resting = RESTING[:, 0]
    for temperature in (560, 620, 740, 860, 879):
        fine = np.append(np.arange(temperature, 879.0, 0.01), 880.0 - np.geomspace(1.0, 0.1, 2000))
        slow = np.array([1.0 / rates.growth_velocity(t, P) for t in fine])
        exact = np.trapezoid(slow, fine)
        assert exact <= resting[int(temperature - tables.COLDEST)] * (1.0 + 1e-6)
        assert resting[int(temperature - tables.COLDEST)] < 1.02 * exact
    assert (resting[int(880 - tables.COLDEST) :] == 0.0).all()
    assert (np.diff(resting) <= 0.0).all()
