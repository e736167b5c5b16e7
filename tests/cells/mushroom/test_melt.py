"""How far a pulse melts at the most."""

import numpy as np

import pcmphys as pcm
from tests.cells.mushroom.mushroom_cells import alike

LIMIT = 0.98


def test_no_pulse_melts_the_last_two_percent_under_the_top_electrode():
    """The strongest pulse, and a front so rough that in some sectors it would lie beyond the top electrode."""
    cell = alike(geometry={"front_roughness": 40e-9})
    geometry, heat = cell.parameters.geometry, cell.parameters.heat
    devices = cell.population(20, seed=1)
    devices.apply(pcm.Pulse(current=heat.largest_current, width=1e-6, fall=5e-9))
    molten = devices.amorphous_thickness / (geometry.layer_thickness - geometry.heater_radius)
    assert molten.max() <= LIMIT * (1.0 + 1e-6)
    # and it stops nothing else: these stand at the limit, most do not
    assert 10 < np.isclose(molten, LIMIT, rtol=1e-6).sum() < 40
