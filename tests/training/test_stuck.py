"""Stuck devices of a matrix neither move nor read otherwise after updates, however many pulses meet them."""

import numpy as np

import pcmphys as pcm


def test_what_is_stuck_reads_as_before_after_updates():
    cell = pcm.load_cell("rram-gong2022-hfo2").but({"stuck.probability": 0.3})
    matrix = pcm.TrainableMatrix((30, 20), cell, seed=2)
    devices = matrix.trained.planes[0].devices
    stuck = devices.stuck.reshape(-1)
    assert 0.2 < stuck.mean() < 0.4
    before = devices.conductance().reshape(-1)
    rng = np.random.default_rng(3)
    for _ in range(5):
        matrix.update(rng.uniform(-1.0, 1.0, (4, 30)), rng.uniform(-1.0, 1.0, (4, 20)), 0.5)
    after = devices.conductance().reshape(-1)
    assert np.array_equal(after[stuck], before[stuck])
    assert (devices.state.offset[stuck] == 0.0).all()
    assert (after[~stuck] != before[~stuck]).mean() > 0.95
