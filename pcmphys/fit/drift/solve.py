"""From traces to their solution: with the programming delay as given, or averaged over it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.fit.drift import delays, noise
from pcmphys.fit.drift.solution import Branch, DriftSolution


def solve(traces: noise.Traces, delay: Any) -> DriftSolution:
    """Fit all devices; ``delay`` as `pcmphys.fit.drift` takes it."""
    known = delays.given(delay, traces)
    if known is None:
        return _averaged(traces, delays.sought(delay, traces))
    traces = traces._replace(delay=known)
    solved = noise.solve(traces)
    weight = _weight(traces, solved.mixture.evidence, solved.last < solved.enough)
    solved = solved._replace(mixture=solved.mixture._replace(weight=weight))
    return DriftSolution(traces, (Branch(known, np.ones(known.size), solved),))


def _averaged(traces: noise.Traces, ages: np.ndarray) -> DriftSolution:
    """Averaged over the programming delay, all trials alike before the data."""
    delay, solved, evidence = delays.search(traces, ages)
    whole = np.logaddexp.reduce(evidence, axis=1)
    settled = np.all([one.last < one.enough for one in solved], axis=0)
    weight = _weight(traces, whole - whole.max(axis=1, keepdims=True), settled)
    joint = weight[:, None, :] * np.exp(evidence - whole[:, None, :])
    share = joint.sum(axis=2)
    joint = joint / np.maximum(share, 1e-300)[:, :, None]
    branches = tuple(
        Branch(one, share[:, j], fit._replace(mixture=fit.mixture._replace(weight=joint[:, j])))
        for j, (one, fit) in enumerate(zip(delay, solved, strict=True))
    )
    return DriftSolution(traces, branches, ages)


def _weight(traces: noise.Traces, evidence: np.ndarray, settled: np.ndarray) -> np.ndarray:
    """Weights (devices, K) of the noise models; a population teaches them together."""
    if len(evidence) > 1:
        return noise.pooled(traces, evidence, settled)
    return noise.posterior(evidence, noise.first_prior(traces))
