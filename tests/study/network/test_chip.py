"""One chip of a study: each read begins at its time after programming, and every layer has devices of its own."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.matrix import AnalogMatrix
from pcmphys.study import StudyConfig
from pcmphys.study.network import chip
from pcmphys.study.network.network import load_network

TIMES = [20.0, 50.0, 3600.0, 86400.0]


@pytest.fixture
def run(small_network, monkeypatch):
    """Run a chip; gives when each read began after programming, by matrix (layers, reads)."""
    ended, begun = {}, {}
    program, snapshot = AnalogMatrix.program, AnalogMatrix.snapshot

    def programmed(self):
        report = program(self)
        ended[self], begun[self] = self.time, []
        return report

    def read(self, *, read=None):
        if read is None:
            begun[self].append(self.time - ended[self])
        return snapshot(self, read=read)

    monkeypatch.setattr(AnalogMatrix, "program", programmed)
    monkeypatch.setattr(AnalogMatrix, "snapshot", read)

    def runner(cell, times):
        config = StudyConfig(
            network=str(small_network), cells=[cell], chips=1, times=times, tile={"rows": 4, "columns": 3}
        )
        chip.run_chip(config, pcm.load_cell(cell), load_network(config.network), 0)
        return np.array(list(begun.values()))

    return runner


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
@pytest.mark.parametrize("cell", ["ibm-90nm-statistical", "ibm-90nm-doped-gst"])
def test_each_read_begins_at_its_time_after_programming(run, cell):
    """Waiting the whole time at each read would begin the second one at 70 s, the last at 90 070 s."""
    begun = run(cell, TIMES)
    # two layers; known inputs first, then the network's own: reads that serve both without and with wires
    assert begun.shape == (2, 2 * len(TIMES))
    np.testing.assert_allclose(begun[:, ::2], [TIMES, TIMES], rtol=1e-12)
    np.testing.assert_allclose(begun[:, 1::2] - begun[:, ::2], 250e-9, rtol=1e-4)


def test_a_time_during_the_read_before_is_refused(run):
    with pytest.raises(ParameterError, match="reads of the time before are still going on"):
        run("ibm-90nm-statistical", [20.0, 20.0 + 1e-8])


def test_layers_have_devices_of_their_own(small_network):
    config = StudyConfig(network=str(small_network), cells=["ibm-90nm-statistical"], tile={"rows": 4, "columns": 3})
    layers = chip.build(config, pcm.load_cell(config.cells[0]), 0, load_network(config.network))
    numbers = [
        range(part.devices.first_cell, part.devices.first_cell + part.devices.size)
        for layer in layers
        for part in layer._tiles
    ]
    assert len(set().union(*numbers)) == sum(len(part) for part in numbers)
    assert {part.devices.seed for layer in layers for part in layer._tiles} == {config.seed << 16}
