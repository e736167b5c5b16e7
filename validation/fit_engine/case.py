"""The engine of the fits against the 27 nonlinear problems of NIST, from both of their starts.

NIST certifies parameters, standard errors and the sum of squares to 11 digits, found in higher precision. The engine
must find all 54 answers without help: parameters to 6 digits, standard errors to 4.
"""

from __future__ import annotations

import pathlib

from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import BLUE, GREY, VERMILION
from validation.fit_engine.problems import MODELS, agreement, digits, exact_errors, fitted, read
from validation.result import KNOWN_ANSWER, Result

NAME = "fit_engine"
TITLE = "Least squares against the 27 certified nonlinear problems of NIST"
VALUES, ERRORS = 6.0, 4.0
ROUNDED = "Lanczos1"  # residuals of 1e-13: the rounding of 64-bit numbers
STARTS = ("first start (far)", "second start (near)")
_LIMIT = (
    "its data, read as 64-bit numbers, hold no more than 3.36 digits of its standard errors, whatever the arithmetic: "
    "see the line on 40-digit arithmetic"
)
KNOWN_MISSES = {f"{words}: digits of the worst standard error of {ROUNDED}": _LIMIT for words in STARTS}
NOTES = (
    "Lanczos1 stands apart: its data are an exact sum of exponentials written with 14 digits, its residuals of 1e-13 "
    "are the rounding of 64-bit numbers, and standard errors are proportional to them. In 40-digit arithmetic the data "
    "as printed give the certified errors to ten digits; the same data rounded to 64-bit numbers, as any program that "
    "takes floating point numbers gets them, give 3.36 digits in the same 40-digit arithmetic. Analytic slopes or "
    "longer sums could not win the fourth. The problems say nothing of the physics; they test the arithmetic "
    "of the fits."
)


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """The worst agreement over all problems, of parameters and of standard errors, for each start."""
    found = {
        (name, start): digits(fitted(name, problem, start), problem)
        for name in MODELS
        for problem in [read(name)]
        for start in (0, 1)
    }
    results = []
    for start, words in enumerate(STARTS):
        here = {name: found[name, start] for name in MODELS}
        worst = min(here, key=lambda name: here[name].values)
        lowest = min((name for name in here if name != ROUNDED), key=lambda name: here[name].errors)
        results += [
            _result(f"{words}: digits of the worst parameter ({worst})", here[worst].values, VALUES),
            _result(f"{words}: digits of the worst standard error ({lowest})", here[lowest].errors, ERRORS),
            _result(f"{words}: digits of the worst standard error of {ROUNDED}", here[ROUNDED].errors, ERRORS),
        ]
    save_figure(_draw(found), out / "figure.png")
    return results + _arithmetic()


def _arithmetic() -> list[Result]:
    """What is in the data of `ROUNDED`: as printed, and as the numbers that a computer makes of them."""
    problem = read(ROUNDED)
    printed, binary = (
        agreement(exact_errors(ROUNDED, problem, rounded=rounded), problem.errors) for rounded in (False, True)
    )
    where = f"standard errors of {ROUNDED} in 40-digit arithmetic, digits:"
    reference = "certified by NIST to 11 digits"
    return [
        Result(f"{where} data as printed", printed, reference, ">= 10", printed >= 10.0, KNOWN_ANSWER),
        Result(f"{where} data as 64-bit numbers (the most there is)", binary, reference, "< 4", binary < ERRORS,
               KNOWN_ANSWER),
    ]  # fmt: skip


def _result(quantity: str, value: float, least: float) -> Result:
    reference = "certified by NIST to 11 digits"
    return Result(quantity, value, reference, f">= {least:g}", value >= least, KNOWN_ANSWER)


def _draw(found):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    axes = figure.subplots()
    names = list(MODELS)
    for start, marker in ((0, "o"), (1, "s")):
        for which, colour, word in ((0, BLUE, "parameters"), (1, VERMILION, "standard errors")):
            shift = 0.16 * (2 * which - 1) + 0.06 * (2 * start - 1)
            axes.plot(
                [k + shift for k in range(len(names))],
                [found[name, start][which] for name in names],
                marker,
                ms=5,
                color=colour,
                mfc=colour if start else "white",
                label=f"{word}, {('first', 'second')[start]} start",
            )
    axes.axhline(VALUES, color=BLUE, lw=0.8, ls=":")
    axes.axhline(ERRORS, color=VERMILION, lw=0.8, ls=":")
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
    axes.set_ylim(0.0, 11.5)
    axes.set_ylabel("digits that agree (worst of a problem)")
    axes.grid(alpha=0.25, color=GREY)
    axes.legend(fontsize=8, ncols=4, loc="lower right")
    return figure
