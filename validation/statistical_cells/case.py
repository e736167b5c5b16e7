"""Both statistical cells against their published formulas, and the 90 nm formulas against the measured points.

A million devices a target. Moments of programmed conductance, drift exponent and read noise are sampled from devices
that went through program, wait and read like any others; what the formulas say is typed from the sources in
formulas.py. The trajectory of the noise is held against the structure function of 1/f noise: the sources publish only
the variance at one time, so that part is model against model.
"""

from __future__ import annotations

import csv
import pathlib

import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from validation.result import KNOWN_ANSWER, MEASURED, MODEL, NOT_CHECKABLE, PUBLISHED_FIT, Result, within
from validation.statistical_cells import figure, formulas

NAME = "statistical_cells"
TITLE = "Statistical cells against published moments, a million devices"
DATA = pathlib.Path(__file__).parents[2] / "data" / "ibm-pcm-joshi-digitised"
DEVICES = 1_000_000
LEVELS = (0.05, 0.12, 0.2, 0.35, 0.5, 0.75, 1.0)
AGES = (1.0, 1e2, 1e4, 1e6)
FIRST_READ = 1e4
REFITTED = (0.17, 0.31, 0.51, 0.75, 0.95)
READS = np.geomspace(27.0, 1e5, 20)


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Deterministic parts, moments, coherence of both cells; then the measured points of the 90 nm cell."""
    levels = LEVELS[1::2] if quick else LEVELS
    results: list[Result] = []
    sampled, reads, structures = {}, [], {}
    for cell in formulas.CELLS:
        results += _deterministic(cell)
        found, noise = _sample(cell, np.array(levels))
        sampled[cell.name] = found
        reads += [(cell.name, age, ratio) for age, ratio in zip(AGES, noise.T[0] if quick else noise[2])]
        results += _moments(cell, found, noise)
        interval, structure = _structure(cell, quick)
        structures[cell.name] = (FIRST_READ, interval, structure)
        deviation = structure / formulas.structure(FIRST_READ, interval, cell.read_duration) - 1.0
        results.append(
            within(
                f"{cell.name}: structure function of the noise, 1 us to 1e6 s apart, worst relative error",
                np.abs(deviation).max(), 0.01, "2 ln((dt + 2d) / 2d) - ln((t + dt + d) / (t + d))", MODEL,
            )
        )  # fmt: skip
    fitted, refitted = _refitted(quick)
    results += fitted
    measured, points = _measured(quick)
    results += measured
    save_figure(figure.draw(sampled, points, reads, structures, refitted), out / "figure.png")
    return results


def _deterministic(cell: formulas.Formulas) -> list[Result]:
    ours = pcm.load_cell(cell.name)
    g = np.linspace(1e-3, 1.0, 2001)
    moments = ours.moments(g * cell.conductance_maximum)
    pairs = {
        "programming_error": cell.programming_error, "drift_exponent_mean": cell.exponent_mean,
        "drift_exponent_spread": cell.exponent_spread, "read_noise": cell.read_noise,
    }  # fmt: skip
    worst = max(np.abs(moments[name] / law(g) - 1.0).max() for name, law in pairs.items())
    devices = ours.population(10_000, seed=2)
    devices.program(np.linspace(0.2, 1.0, 10_000) * cell.conductance_maximum)
    start = devices.conductance()
    devices.wait(cell.reference_time)
    early = np.abs(devices.conductance() / start - 1.0).max()
    drift = 0.0
    for age in (1e3, 1e6, 1e8):
        devices.wait(age - devices.time)
        expected = start * (age / cell.reference_time) ** -devices.drift_exponent
        drift = max(drift, np.abs(devices.conductance() / expected - 1.0).max())
    return [
        within(
            f"{cell.name}: the four moments at 2001 targets, worst relative error",
            worst, 1e-6, "formulas typed from the sources", PUBLISHED_FIT,
        ),
        within(
            f"{cell.name}: drift of 1e4 devices to 1e3, 1e6, 1e8 s, worst relative error",
            max(drift, early), 1e-6, "G (t/t_0)^-nu, constant up to t_0", KNOWN_ANSWER,
        ),
    ]  # fmt: skip


def _sample(cell: formulas.Formulas, levels: np.ndarray) -> tuple[dict, np.ndarray]:
    """Sampled moments at each level, and read noise over Q_s, shape (levels, ages)."""
    ours = pcm.load_cell(cell.name)
    found = {name: np.empty(levels.size) for name in ("mean", "programming_error", "exponent_mean", "exponent_spread")}
    noise = np.empty((levels.size, len(AGES)))
    for k, level in enumerate(levels):
        devices = ours.population(DEVICES, seed=11 + k)
        devices.program(level * cell.conductance_maximum)
        conductance, exponent = devices.conductance(), devices.drift_exponent
        found["mean"][k], found["programming_error"][k] = conductance.mean(), conductance.std()
        found["exponent_mean"][k], found["exponent_spread"][k] = exponent.mean(), exponent.std()
        for n, age in enumerate(AGES):
            devices.wait(age - devices.time)
            noise[k, n] = _relative_noise(devices).std() / cell.read_noise(level)
    return found | {"g": levels}, noise


def _relative_noise(devices) -> np.ndarray:
    """Read noise over the device's own conductance; a device programmed to zero has none."""
    still = devices.conductance()
    some = still > 0.0
    read = devices.read()
    return read[some] / still[some] - 1.0


def _moments(cell: formulas.Formulas, found: dict, noise: np.ndarray) -> list[Result]:
    g = found["g"]
    mean, std = formulas.rectified(g * cell.conductance_maximum, cell.programming_error(g))
    centre, spread = formulas.folded(cell.exponent_mean(g), cell.exponent_spread(g))
    expected = np.sqrt([formulas.noise_variance(age, cell.read_duration) for age in AGES])
    pairs = (
        ("mean programmed conductance", found["mean"] / mean, "the target, negative draws counted as zero"),
        ("std of programmed conductance", found["programming_error"] / std, "sigma_prog(g)"),
        ("mean drift exponent", found["exponent_mean"] / centre, "mu_nu(g), magnitude of the normal draw"),
        ("std of drift exponent", found["exponent_spread"] / spread, "sigma_nu(g), magnitude of the normal draw"),
        ("std of read noise at 1, 1e2, 1e4, 1e6 s", noise / expected, "G Q_s sqrt(ln((t + d) / 2d))"),
    )
    span = f"{g.size} targets, g = {g[0]:g} to {g[-1]:g}"
    return [
        within(
            f"{cell.name}: {name}, worst relative error over {span}",
            np.abs(ratio - 1.0).max(), 0.005, reference, PUBLISHED_FIT,
        )
        for name, ratio, reference in pairs
    ]  # fmt: skip


def _structure(cell: formulas.Formulas, quick: bool) -> tuple[np.ndarray, np.ndarray]:
    level = 0.5
    devices = pcm.load_cell(cell.name).population(DEVICES // 4 if quick else DEVICES, seed=31)
    devices.program(level * cell.conductance_maximum)
    devices.wait(FIRST_READ)
    first = _relative_noise(devices)
    interval = np.geomspace(1e-6, 1e6, 13)
    found = np.empty(interval.size)
    for k, later in enumerate(interval):
        # the clock stands where the last read ended; beside 1e4 s it resolves 2e-12 s
        devices.wait(max(FIRST_READ + later - devices.time, 0.0))
        found[k] = ((_relative_noise(devices) - first) ** 2).mean() / cell.read_noise(level) ** 2
    return interval, found


def _refitted(quick: bool) -> tuple[list[Result], tuple]:
    """Spread of the exponent as an experiment would find it: a power law fitted to noisy reads of each device."""
    cell, measured = formulas.CELLS[0], 0.009
    weight = np.log(READS) - np.log(READS).mean()
    weight /= (weight**2).sum()
    scatter = np.sqrt(weight @ formulas.noise_covariance(READS, cell.read_duration) @ weight)
    found = np.array([_fitted_spread(level, weight, 50_000 if quick else 400_000) for level in REFITTED])
    level = np.array(REFITTED)
    expected = np.hypot(cell.exponent_spread(level), cell.read_noise(level) * scatter)
    results = [
        within(
            f"{cell.name}: std of exponents fitted to 20 noisy reads from 27 s to 1e5 s, g = {level[0]:g} to "
            f"{level[-1]:g}, worst relative error",
            np.abs(found / expected - 1.0).max(), 0.02, "sigma_nu and coherent 1/f noise added in squares", MODEL,
        ),
        Result(
            f"{cell.name}: the same std at g = {level[1]:g} (drawn: {cell.exponent_spread(level[1]):.4f})",
            float(found[1]), f"measured {measured:g}; how often and how long was read is not published", "none", True,
            NOT_CHECKABLE,
        ),
    ]  # fmt: skip
    return results, (level, found, expected)


def _fitted_spread(level: float, weight: np.ndarray, count: int) -> float:
    devices = pcm.load_cell(formulas.CELLS[0].name).population(count, seed=41)
    devices.program(level * devices.cell.conductance_maximum)
    slope = np.zeros(count)
    for time, w in zip(READS, weight, strict=True):
        devices.wait(time - devices.time)
        slope -= w * np.log(devices.read())
    return slope.std()


def _measured(quick: bool) -> tuple[list[Result], dict]:
    """The measured points: the formulas must miss them by the rms known for the published fits, devices by no more
    than a cell is allowed to (in units of the allowance, worst point).
    """
    cell, count = formulas.CELLS[0], 20_000 if quick else 100_000
    level, sigma = _columns("pcm_prog_sigma_vs_target.csv", "g_target_norm", "sigma_prog_uS")
    level_nu, mean, std = _columns("pcm_drift_nu_vs_target.csv", "g_target_norm", "nu_mean", "nu_std")
    moments = pcm.load_cell(cell.name).moments
    law, law_nu = moments(level * cell.conductance_maximum), moments(level_nu * cell.conductance_maximum)
    programmed, _ = _devices(cell, level, count)
    _, exponent = _devices(cell, level_nu, count)
    fine = level > 0.03
    rows = (
        ("std of programmed conductance [uS], 13 points", 1e6 * law["programming_error"] - sigma, 0.055, 0.0005),
        ("mean drift exponent, 48 points", law_nu["drift_exponent_mean"] - mean, 0.0021, 0.00005),
        ("std of drift exponent, 48 points", law_nu["drift_exponent_spread"] - std, 0.0014, 0.00005),
    )
    results = []
    for name, difference, known, rounding in rows:
        rms = float(np.sqrt((difference**2).mean()))
        results.append(
            Result(
                f"{cell.name}: {name}, rms of formula minus measured", rms,
                f"{known:g}, the published fit's own rms on these digitised points (SOURCE.md)", f"+- {rounding:g}",
                abs(rms - known) <= rounding, MEASURED,
            )
        )  # fmt: skip
    near_mean, near_std = np.where(level_nu > 0.1, 0.006, 0.012), np.where(level_nu > 0.1, 0.004, 0.010)
    sampled = (
        ("std of programmed conductance, g > 0.03, allowed 20 %", 1e6 * programmed.std(axis=1) / sigma - 1, fine, 0.2),
        ("mean drift exponent, allowed 0.006 (g > 0.1), 0.012 below", exponent.mean(axis=1) - mean, ..., near_mean),
        ("std of drift exponent, allowed 0.004 (g > 0.1), 0.010 below", exponent.std(axis=1) - std, ..., near_std),
    )
    for name, difference, used, allowed in sampled:
        worst = np.abs(difference[used] / allowed).max()
        title = f"{cell.name}: sampled {name}: worst point in units of that"
        results.append(within(title, worst, 1.0, "digitised measurements (Joshi 2020)", MEASURED))
    points = {
        "programming_error": (level, sigma),
        "exponent_mean": (level_nu, mean),
        "exponent_spread": (level_nu, std),
    }
    return results, points


def _devices(cell: formulas.Formulas, level: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    devices = pcm.load_cell(cell.name).population((level.size, count), seed=51)
    devices.program(np.repeat(level[:, None] * cell.conductance_maximum, count, axis=1))
    return devices.conductance(), devices.drift_exponent


def _columns(file: str, *names: str) -> list[np.ndarray]:
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return [np.array([float(row[name]) for row in rows]) for name in names]
