"""Writes sweeps.csv: I-V sweeps of one made-up amorphous layer, by the slow twin of the tests.

Run from the repository: python data/iv-synthetic/make.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.oracles.iv import Layer  # noqa: E402

SEED = 11
LAYER = Layer(
    conductance=2e-8, activation=0.4, thickness=25e-9, hop=6e-9, reference=300.0, series=1800.0, threshold=1.13,
    threshold_slope=6.2e-3, hold=0.8, on_resistance=200.0, current_offset=3e-12,
)  # fmt: skip
CELSIUS = (25.0, 45.0, 65.0)
RELATIVE, FLOOR = 0.02, 1e-11
HEAD = f"""# Synthetic, no measurement: one made-up amorphous layer, written by data/iv-synthetic/make.py, seed {SEED}
# 25 nm, hops of 6 nm, 0.4 eV, 20 nS at 300 K; threshold 1.13 V at 300 K; on-state 0.8 V + 200 ohm I; 1800 ohm in series
# errors of a current: {RELATIVE:g} of it, and {FLOOR:g} A
T [degC],V [V],I [A]
"""


def main() -> None:
    """Write the table."""
    rng, lines = np.random.default_rng(SEED), []
    grid = np.linspace(0.0, 2.0, 81)
    for celsius in CELSIUS:
        exact = np.array(LAYER.up(list(grid), celsius + 273.15))
        read = exact * (1.0 + RELATIVE * rng.standard_normal(grid.size)) + FLOOR * rng.standard_normal(grid.size)
        lines += [f"{celsius:g},{v:.3f},{i:.5g}\n" for v, i in zip(grid, read)]
    (HERE / "sweeps.csv").write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
