"""Drift fits: many devices at common times, many with times of their own, one with very many reads.

Besides the wall clock the processor time is shown, which says what a busy machine hides.
"""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from pcmphys import fit
from validation.bench.measure import Bench, at_most, scaled, table

READS = 50


def run(quick: bool) -> list[Bench]:
    """Time the three fits and take the memory of the last."""
    part = 20 if quick else 1
    rng = np.random.default_rng(0)
    common = np.geomspace(27.0, 1e5, READS)
    fit.drift(common, _reads(rng, common, 2))  # compile
    rows = [_timed(f"drift fit of {10_000 // part} devices x {READS} reads", common, 10_000 // part, 2.0, quick, rng)]
    own = np.sort(np.exp(rng.uniform(np.log(20.0), np.log(1e5), (16_000 // part, READS))), axis=1)
    rows.append(
        _timed(f"drift fit of {len(own)} devices, {READS} reads each at own times", own, len(own), 10.0, quick, rng)
    )
    many = np.cumsum(rng.uniform(0.5, 1.5, 100_000 // part))
    rows.append(_timed(f"drift fit of one device, {many.size} reads", many, 1, 5.0, quick, rng))
    tracemalloc.start()
    try:
        fit.drift(many, _reads(rng, many, 1)[0])
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    rows.append(at_most(f"memory of that fit, {many.size} reads", 1e-6 * most, 500.0, "MB", "arrays at once", quick))
    return rows


def _reads(rng, moments: np.ndarray, devices: int) -> np.ndarray:
    """Drift with white noise; how long a fit takes does not depend on the kind of noise."""
    exponent = rng.normal(0.05, 0.01, devices)[:, None]
    clean = 1e-5 * np.atleast_2d(moments) ** -exponent
    return clean * (1.0 + 0.01 * rng.standard_normal(clean.shape))


def _timed(name: str, moments: np.ndarray, devices: int, limit: float, quick: bool, rng) -> Bench:
    reads = _reads(rng, moments, devices)
    found = []
    for _ in range(3):
        wall, processor = time.perf_counter(), time.process_time()
        fit.drift(moments, reads)
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = np.median(found, axis=0)
    return at_most(name, wall, limit, "s", f"median of 3; processor time {scaled(processor)}", quick)


def main() -> None:
    """Print the table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
