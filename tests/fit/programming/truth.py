"""Synthetic programming experiments, and slow twins in plain numpy of what the fits compute."""

from __future__ import annotations

import numpy as np
from scipy import integrate, stats

CURVE = {
    "melting_current": 220e-6,
    "melting_width": 120e-6,
    "full_reset_current": 340e-6,
    "melting_middle": 280e-6,
    "melting_spread": 20e-6,
    "set_conductance": 30e-6,
    "reset_conductance": 0.2e-6,
    "set_current": 70e-6,
    "set_width": 60e-6,
    "full_set_current": 130e-6,
    "set_middle": 100e-6,
    "set_spread": 15e-6,
    "start_conductance": 0.5e-6,
    "window": 180e-6,
}
CURRENT = np.linspace(20e-6, 500e-6, 25)
TRAIN = {
    "slope": -0.084,
    "offset": 0.88e-6,
    "boost": 1.4e-6,
    "memory": 2.6,
    "spread_slope": 0.091,
    "spread_offset": 0.26e-6,
    "spread_boost": 2.15e-6,
    "spread_memory": 2.6,
}
"""The published law (nandakumar2018, second-hand)."""


def curve(rng, devices: int = 50, *, rises: bool = True, same: bool = True, level=CURRENT) -> np.ndarray:
    """Reads (levels, devices) of devices that differ; others at each level if not ``same``."""
    shape = (1 if same else level.size, devices)
    t, x = CURVE, level[:, None]
    melting = rng.normal(t["melting_current"], t["melting_spread"], shape)
    opening = rng.normal(t["set_current"], t["set_spread"], shape)
    own = rng.normal(t["set_conductance"], 3e-6, shape)
    closed = np.clip((x - melting) / t["melting_width"], 0.0, 1.0)
    opened = np.clip((x - opening) / t["set_width"], 0.0, 1.0) if rises else 1.0
    before = t["start_conductance"] + (own - t["start_conductance"]) * opened
    reads = before * (1.0 - closed) + t["reset_conductance"] * closed
    return reads + rng.normal(0.0, 0.5e-6, (level.size, devices))


def train(
    rng, devices: int = 50, pulses: int = 30, *, own: float = 0.0, noise: float = 0.0, flat: bool = False
) -> np.ndarray:
    """Reads (pulses + 1, devices) by the published law; ``own`` is the relative spread of offsets over devices."""
    t = TRAIN
    state = np.full(devices, 0.1e-6)
    lasting = 1.0 + own * rng.normal(size=devices)
    reads = [state]
    for n in range(1, pulses + 1):
        mean = t["slope"] * state + t["offset"] * lasting + t["boost"] * np.exp(-n / t["memory"])
        std = t["spread_slope"] * state + t["spread_offset"] + t["spread_boost"] * np.exp(-n / t["spread_memory"])
        deviate = rng.uniform(-np.sqrt(3.0), np.sqrt(3.0), devices) if flat else rng.normal(size=devices)
        state = state + mean + np.maximum(std, 0.05e-6) * deviate
        reads.append(state)
    found = np.array(reads)
    return found + noise * rng.normal(size=found.shape)


def share(x: float, onset: float, width: float, spread: float) -> float:
    """Mean over devices, by quadrature, of how much of each is closed."""

    def one(z: float) -> float:
        return float(np.clip((x - onset - spread * z) / width, 0.0, 1.0)) * stats.norm.pdf(z)

    bends = [(x - onset) / spread, (x - onset - width) / spread]
    return integrate.quad(one, -9.0, 9.0, points=[z for z in bends if abs(z) < 9.0] or None, limit=200)[0]


def moments(fit, states, pulses) -> dict[str, np.ndarray]:
    """Count, mean and std of the steps in bins, one step after the other."""
    shape = len(pulses) - 1, len(states) - 1
    rows: dict[tuple[int, int], list[tuple[float, float]]] = {}
    noise = fit.steps.noise(fit["slope"].value)
    for k in range(fit.steps.change.size):
        for i in range(shape[0]):
            for j in range(shape[1]):
                last = j == shape[1] - 1 and fit.steps.state[k] == states[-1]
                in_state = states[j] <= fit.steps.state[k] < states[j + 1] or last
                if in_state and pulses[i] <= fit.steps.pulse[k] < pulses[i + 1]:
                    rows.setdefault((i, j), []).append((fit.steps.change[k], noise[k]))
    found = {name: np.full(shape, np.nan) for name in ("mean", "std")} | {"count": np.zeros(shape)}
    for place, data in rows.items():
        change, less = np.array(data).T
        found["count"][place] = change.size
        found["mean"][place] = change.mean()
        if change.size > 1 and change.var(ddof=1) > less.mean():
            found["std"][place] = np.sqrt(change.var(ddof=1) - less.mean())
    return found


def least_squares(reads: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
    """Values of the law of steps by likelihood over all steps at once, mean and spread in turn, nothing packed."""
    from scipy.optimize import least_squares as solve

    state, change = reads[:-1].ravel(), np.diff(reads, axis=0).ravel()
    number = np.repeat(np.arange(1.0, reads.shape[0]), reads.shape[1])
    unit = 1e-6
    g, d = state / unit, change / unit

    def law(v):
        return v[0] * g + v[1] + v[2] * np.exp(-number / v[3])

    def off_mean(v, variance):
        return (d - law(v)) / np.sqrt(variance)

    def off_spread(v, left, variance):
        return (left - law(v) ** 2) / (np.sqrt(2.0) * variance)

    mean, spread = np.array([-0.1, 1.0, 1.0, 3.0]), np.array([0.05, 0.5, 1.0, 3.0])
    variance = np.full(d.size, d.var())
    for _ in range(25):
        mean = solve(off_mean, mean, args=(variance,), xtol=1e-12, ftol=1e-12).x
        spread = solve(off_spread, spread, args=((d - law(mean)) ** 2, variance), xtol=1e-12, ftol=1e-12).x
        variance = np.maximum(np.maximum(law(spread), 0.0) ** 2, 0.01 * d.var())
    scale = np.array([1.0, unit, unit, 1.0])
    names = ("slope", "offset", "boost", "memory")
    return dict(zip(names, mean * scale)), {f"spread_{one}": v for one, v in zip(names, spread * scale)}
