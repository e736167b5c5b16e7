"""Sixteen independent sectors against a radial-angular resistor network of the same devices.

The model lets the sectors of a dome conduct in parallel, without currents between them. Here the conductivity of each
shell of each sector of programmed devices is taken as it is, lateral resistors between neighbouring sectors are added
(network.py says which), and the network is solved directly: conductance and drift exponent of the whole against
those of independent sectors. The exponent is that of one decade, from 20 s to 200 s: dome and films get their drift,
every shell is mixed anew. Low field, without noise.
"""

from __future__ import annotations

import math
import pathlib

import numpy as np

import pcmphys as pcm
from pcmphys.physics.relaxation import drift_exponent, log_drift, older
from pcmphys.physics.state import DOME_DRIFT, FILM_DRIFT, SECTORS
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS
from validation.result import KNOWN_ANSWER, MODEL, NOT_CHECKABLE, Result, within
from validation.sector_independence import network

NAME = "sector_independence"
TITLE = "Independent sectors against a radial-angular resistor network (90 nm cell)"
CELL = "ibm-90nm-doped-gst"
LOWEST, HIGHEST = 0.01, 0.95
FIRST, LATER = 20.0, 200.0
FACTORS = (0.25, 1.0, 4.0)  # of the lateral factor
RANGES = ((0.0, 0.02), (0.02, 0.2), (0.2, 1.5))
INDEPENDENT, MODELLED, EQUIPOTENTIAL = "independent", "model", "equipotential"
NOTES = (
    "No source gives a tolerance for the sectors' independence, and no finite-element solution was at hand: the rows "
    "of conductance and exponent carry no verdict. They are a model against a model. Currents between sectors can only "
    "raise the conductance of a given structure: by tens of percent with the lateral factor of wedges (median in the "
    "rows), less than the factor by which sectors differ among each other, while the drift exponent hardly moves. "
    "So the model's conductivities are effective ones: calibrated with independent sectors, they hold with those "
    "only, and a structure (rim, grains) should not be read off a conductance as if it were exact. How well sectors "
    "are joined is not known: boundaries between them lower the lateral factor, their contact at the axis raises it; "
    "hence the factors beside it. A second approximation is seen here too: the model adds up dome and films once, as "
    "they share the current after 1000 s, and lets both sums drift, exact to first order. Where dome and films share "
    "the current in one shell, around percolation, a drift of many decades is no small change (see the figure). The "
    "network has no field dependence, and the grid of shells and sectors is the model's."
)


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Conductance and exponent of programmed devices by every way of joining their sectors."""
    count = 24 if quick else 96
    cell = pcm.load_cell(CELL)
    devices = cell.population(count, seed=91)
    devices.program(np.geomspace(LOWEST, HIGHEST, count) * cell.conductance_maximum)
    devices.wait(max(FIRST - devices.time, 0.0))
    look = devices.now()
    bodies = [network.structure(look, i) for i in range(count)]
    early, late = _drifts(look, 0.0), _drifts(look, LATER - FIRST)
    now = _conductances(look, bodies, early)
    then = _conductances(look, bodies, late)
    exponent = {way: -np.log(then[way] / now[way]) / math.log(LATER / FIRST) for way in now}
    g = now[INDEPENDENT] / cell.conductance_maximum
    results = _checks(look, bodies, now, exponent) + _rows(g, now, exponent)
    save_figure(_draw(g, now, exponent), out / "figure.png")
    return results


def _drifts(look, duration: float) -> np.ndarray:
    """Factors (devices, 2, 16) by which drift has lowered the conductivity of dome and films, a time [s] from now."""
    parameters = look.cell.parameters
    p, ambient = parameters.pack().relaxation, parameters.heat.ambient
    state = look.state
    found = np.empty((look.size, 2, SECTORS))
    for i, k, s in np.ndindex(found.shape):
        mean, own = (p.dome_exponent, p.boundary_exponent)[k], float(state.device[i, (DOME_DRIFT, FILM_DRIFT)[k]])
        exponent = drift_exponent(mean, own, float(state.deviate[i, k, s]), p)
        age = older(state.age[i, s], duration, ambient, p) if duration > 0.0 else state.age[i, s]
        found[i, k, s] = math.exp(-log_drift(age, exponent, ambient, p))
    return found


def _conductances(look, bodies, drift: np.ndarray) -> dict[str | float, np.ndarray]:
    """Conductance [S] of each device by every way of joining its sectors, heater and leads included."""
    found = {way: np.empty(len(bodies)) for way in (INDEPENDENT, MODELLED, EQUIPOTENTIAL, *FACTORS)}
    for i, (body, (dome, films)) in enumerate(zip(bodies, drift, strict=True)):
        sigma = network.conductivity(body, dome, films)
        bare = {INDEPENDENT: network.independent(body, sigma), EQUIPOTENTIAL: network.equipotential(body, sigma)}
        bare |= {factor: network.network(body, sigma, factor) for factor in FACTORS}
        # the model adds up dome and films once and scales both sums
        sums = look.state.sector[i].astype(float)
        bare[MODELLED] = float((1.0 / (sums[0] / dome + sums[1] / films)).sum())
        for way, value in bare.items():
            found[way][i] = network.with_series(value, body)
    return found


def _checks(look, bodies, now, exponent) -> list[Result]:
    # the kernel looks at the mixture as it is after 1000 s and keeps the sums of the unrelaxed glass
    p, kept = look.cell.parameters.pack().relaxation, look.state.sector.astype(float)
    sums = kept[:, 0] * p.dome_aged + kept[:, 1] * p.films_aged
    aged = (1.0 / p.dome_aged, 1.0 / p.films_aged)
    ours = np.array([(body.factor[:, None] / network.conductivity(body, *aged)).sum(axis=0) for body in bodies])
    alone = [
        network.network(body, network.conductivity(body), 0.0) / network.independent(body, network.conductivity(body))
        for body in bodies
    ]
    off = np.abs(exponent[MODELLED] - exponent[INDEPENDENT])
    shares = now[MODELLED] / now[INDEPENDENT] - 1.0
    return [
        within(
            "sector resistances, worst relative difference to the kernel's", np.abs(ours / sums - 1.0).max(), 1e-5,
            "the structure written down a second time; the kernel keeps single precision", MODEL,
        ),
        within(
            "network without lateral resistors over independent sectors, worst minus one",
            np.abs(np.array(alone) - 1.0).max(), 1e-9, "sectors in parallel", KNOWN_ANSWER,
        ),
        _bounded(now),
        Result(
            "drift by the sums of dome and films (as the model does) against every shell mixed anew: conductance at "
            "20 s, worst relative difference", float(np.abs(shares).max()),
            f"median {np.median(np.abs(shares)):.1e}; exponents differ by {off.max():.4f} at most, by "
            f"{np.median(off):.1e} in the median", "none", True, NOT_CHECKABLE,
        ),
    ]  # fmt: skip


def _bounded(now) -> Result:
    """Rayleigh: a resistor more never lowers a conductance, and joining all nodes of a shell raises it most."""
    ladder = np.array([now[way] for way in (INDEPENDENT, *sorted(FACTORS), EQUIPOTENTIAL)])
    broken = float((np.diff(ladder, axis=0) / ladder[:-1]).min())
    return Result(
        "conductance with more lateral current over that with less, worst minus one", broken,
        "never below zero (Rayleigh's monotonicity), from independent sectors to equipotential shells", ">= -1e-9",
        broken >= -1e-9, KNOWN_ANSWER,
    )  # fmt: skip


def _rows(g: np.ndarray, now, exponent) -> list[Result]:
    results = []
    ratio, change = now[1.0] / now[INDEPENDENT], exponent[1.0] - exponent[INDEPENDENT]
    for low, high in RANGES:
        here = (g >= low) & (g < high)
        if not here.any():
            continue
        others = ", ".join(f"{np.median((now[f] / now[INDEPENDENT])[here]):.2f} with {f:g} times" for f in (0.25, 4.0))
        limit = np.median((now[EQUIPOTENTIAL] / now[INDEPENDENT])[here])
        name = f"independent g {low:g} to {high:g} ({here.sum()} devices)"
        results.append(
            Result(
                f"conductance of the network over independent sectors, {name}: median", float(np.median(ratio[here])),
                f"worst {ratio[here].max():.2f}; median {others} the lateral factor, {limit:.2f} with equipotential "
                "shells", "none", True, NOT_CHECKABLE,
            )
        )  # fmt: skip
        worst = change[here][np.abs(change[here]).argmax()]
        results.append(
            Result(
                f"drift exponent of the network minus independent sectors, {name}: median",
                float(np.median(change[here])),
                f"worst {worst:+.4f}; independent sectors: {np.median(exponent[INDEPENDENT][here]):.4f}", "none", True,
                NOT_CHECKABLE,
            )
        )  # fmt: skip
    return results


def _draw(g, now, exponent):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    ways = [(factor, f"lateral × {factor:g}") for factor in FACTORS] + [(EQUIPOTENTIAL, "equipotential shells")]
    for k, (way, label) in enumerate(ways):
        left.loglog(g, now[way] / now[INDEPENDENT], "o", ms=3, color=COLOURS[k], label=label)
    left.axhline(1.0, color="black", lw=0.8)
    left.set(xlabel="g, independent sectors", ylabel="conductance over that of independent sectors")
    for way, colour, marker in ((INDEPENDENT, "black", "x"), (1.0, COLOURS[1], "o")):
        label = "independent sectors" if way == INDEPENDENT else "network, lateral × 1"
        # each against its own conductance, as it would be measured
        own = now[way] / now[INDEPENDENT] * g
        middle.semilogx(own, exponent[way], marker, ms=4, mfc="none", color=colour, label=label)
    middle.set(xlabel="g of the same calculation", ylabel="drift exponent, 20 s to 200 s", ylim=(0, None))
    right.semilogx(g, exponent[1.0] - exponent[INDEPENDENT], "o", ms=3, color=COLOURS[1], label="network × 1")
    right.semilogx(g, exponent[MODELLED] - exponent[INDEPENDENT], "x", ms=4, color=COLOURS[0],
                   label="sums of dome and films (the model)")  # fmt: skip
    right.axhline(0.0, color="black", lw=0.8)
    right.set(xlabel="g, independent sectors", ylabel="change of the drift exponent")
    for axes in (left, middle, right):
        axes.grid(alpha=0.25, lw=0.5)
        axes.legend(fontsize=9, frameon=False)
    return figure
