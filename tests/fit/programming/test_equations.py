"""Slopes of the equations that errors come from, against differences."""

from __future__ import annotations

import numpy as np

from pcmphys.fit.programming.equations import Equations
from pcmphys.fit.programming.errors import clustered
from pcmphys.fit.programming.input import train_reads
from pcmphys.fit.programming.steps import steps_of

from . import truth


def test_slopes_are_differences_of_scores():
    reads = truth.train(np.random.default_rng(1), 20, 10)
    steps = steps_of(train_reads(None, reads, None, None))
    values = dict(truth.TRAIN, slope=-0.1, spread_boost=1.8e-6)
    here = Equations(steps, values)
    for j, name in enumerate(values):
        move = 1e-5 * abs(values[name])
        up, down = (Equations(steps, values | {name: values[name] + side * move}).scores() for side in (1, -1))
        for i in range(8):
            if i == 0:  # the mean state of a pulse moves with the weights, by which nothing is off on average
                continue
            # rounding of the scores over the step is the floor
            expected = (up[:, i] - down[:, i]) / (2.0 * move)
            floor = 1e-10 * np.abs(up[:, i]).max() / move
            np.testing.assert_allclose(
                here.slope(i, j), expected, rtol=2e-4, atol=floor + 1e-6 * np.abs(expected).max()
            )


def test_clustered_errors_of_a_mean_are_those_of_the_devices():
    """Each device has one mean: the jackknife of their mean is the plain standard error."""
    rng = np.random.default_rng(2)
    device = np.repeat(np.arange(12), 5)
    values = rng.normal(size=12)[device] + 0.01 * rng.normal(size=60)
    scores = (values - values.mean())[:, None]
    found = clustered(scores, device, lambda i, j: np.ones(60))
    means = values.reshape(12, 5).mean(axis=1)
    assert np.isclose(found[0, 0], means.var(ddof=1) / 12)
    alone = clustered(scores, np.arange(60), lambda i, j: np.ones(60))
    assert alone[0, 0] < 0.3 * found[0, 0]  # as if all reads were independent
