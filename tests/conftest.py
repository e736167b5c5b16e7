"""Threads and tolerances of all tests; shared fixtures: a network and a study small enough to run in a second."""

from __future__ import annotations

import os

# before anything imports numba, which asks once: on few cores tests of threads run with more threads than cores
os.environ.setdefault("NUMBA_NUM_THREADS", str(max(4, os.cpu_count() or 1)))

import numpy as np
import pytest

# currents here are of 1e-9 A, noise of 1e-18 A2: pytest's silent absolute tolerance of 1e-12 would let anything pass
type(pytest.approx(1.0)).DEFAULT_ABSOLUTE_TOLERANCE = 0.0


@pytest.fixture(scope="session")
def small_network(tmp_path_factory):
    """Folder of a 6-5-3 network with 12 test inputs."""
    folder = tmp_path_factory.mktemp("network")
    rng = np.random.default_rng(5)
    np.savez(
        folder / "weights.npz",
        w1=rng.normal(size=(6, 5)), b1=rng.normal(size=5), w2=rng.normal(size=(5, 3)), b2=np.zeros(3),
    )  # fmt: skip
    images = rng.integers(0, 17, size=(12, 6)).astype(np.uint8)
    np.savez(
        folder / "test.npz",
        images=images,
        labels=rng.integers(0, 3, 12),
        calibration_images=images,
        full_scale=16.0,
    )
    return folder


@pytest.fixture
def small_study(small_network):
    """Settings of a study on the small network, with the fast cell."""
    return {
        "network": str(small_network),
        "cells": ["ibm-90nm-statistical"],
        "chips": 3,
        "times": [20.0, 3600.0],
        "tile": {"rows": 4, "columns": 3},
    }


@pytest.fixture
def third_kind(monkeypatch):
    """A third kind of study, see `tests.study.squares`."""
    from pcmphys.study import registry
    from tests.study.squares import KIND

    monkeypatch.setattr(registry, "KINDS", (*registry.KINDS, KIND))
