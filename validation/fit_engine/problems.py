"""The 27 problems of NIST: their models, and their files read."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy import arctan, cos, exp, pi, sin

from pcmphys import fit

DATA = pathlib.Path(__file__).parents[2] / "data" / "nist-strd-nonlinear"


def bennett5(x, b1, b2, b3):
    return b1 * (b2 + x) ** (-1.0 / b3)


def boxbod(x, b1, b2):
    return b1 * (1.0 - exp(-b2 * x))


def chwirut(x, b1, b2, b3):
    return exp(-b1 * x) / (b2 + b3 * x)


def danwood(x, b1, b2):
    return b1 * x**b2


def enso(x, **b):
    b1, b2, b3, b4, b5, b6, b7, b8, b9 = b.values()
    year, first, second = (2.0 * pi * x / period for period in (12.0, b4, b7))
    return (
        b1 + b2 * cos(year) + b3 * sin(year) + b5 * cos(first) + b6 * sin(first) + b8 * cos(second) + b9 * sin(second)
    )


def eckerle4(x, b1, b2, b3):
    return b1 / b2 * exp(-0.5 * ((x - b3) / b2) ** 2)


def gauss(x, **b):
    b1, b2, b3, b4, b5, b6, b7, b8 = b.values()
    return b1 * exp(-b2 * x) + b3 * exp(-(((x - b4) / b5) ** 2)) + b6 * exp(-(((x - b7) / b8) ** 2))


def cubic_ratio(x, b1, b2, b3, b4, **b):
    return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1.0 + b["b5"] * x + b["b6"] * x**2 + b["b7"] * x**3)


def kirby2(x, b1, b2, b3, b4, b5):
    return (b1 + b2 * x + b3 * x**2) / (1.0 + b4 * x + b5 * x**2)


def lanczos(x, b1, b2, b3, b4, b5, b6):
    return b1 * exp(-b2 * x) + b3 * exp(-b4 * x) + b5 * exp(-b6 * x)


def mgh09(x, b1, b2, b3, b4):
    return b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4)


def mgh10(x, b1, b2, b3):
    return b1 * exp(b2 / (x + b3))


def mgh17(x, b1, b2, b3, b4, b5):
    return b1 + b2 * exp(-x * b4) + b3 * exp(-x * b5)


def misra1b(x, b1, b2):
    return b1 * (1.0 - (1.0 + b2 * x / 2.0) ** -2)


def misra1c(x, b1, b2):
    return b1 * (1.0 - (1.0 + 2.0 * b2 * x) ** -0.5)


def misra1d(x, b1, b2):
    return b1 * b2 * x / (1.0 + b2 * x)


def nelson(x, b1, b2, b3):
    return b1 - b2 * x[0] * exp(-b3 * x[1])


def rat42(x, b1, b2, b3):
    return b1 / (1.0 + exp(b2 - b3 * x))


def rat43(x, b1, b2, b3, b4):
    return b1 / (1.0 + exp(b2 - b3 * x)) ** (1.0 / b4)


def roszman1(x, b1, b2, b3, b4):
    return b1 - b2 * x - arctan(b3 / (x - b4)) / pi


MODELS: dict[str, Callable] = {
    "Bennett5": bennett5, "BoxBOD": boxbod, "Chwirut1": chwirut, "Chwirut2": chwirut, "DanWood": danwood, "ENSO": enso,
    "Eckerle4": eckerle4, "Gauss1": gauss, "Gauss2": gauss, "Gauss3": gauss, "Hahn1": cubic_ratio, "Kirby2": kirby2,
    "Lanczos1": lanczos, "Lanczos2": lanczos, "Lanczos3": lanczos, "MGH09": mgh09, "MGH10": mgh10, "MGH17": mgh17,
    "Misra1a": boxbod, "Misra1b": misra1b, "Misra1c": misra1c, "Misra1d": misra1d, "Nelson": nelson, "Rat42": rat42,
    "Rat43": rat43, "Roszman1": roszman1, "Thurber": cubic_ratio,
}  # fmt: skip


class Certified(NamedTuple):
    """One problem: data, two starts, and the certified answer."""

    x: np.ndarray
    y: np.ndarray
    starts: tuple[np.ndarray, np.ndarray]
    values: np.ndarray
    errors: np.ndarray
    squares: float


class Digits(NamedTuple):
    """To how many digits a fit agrees with the certified answer: its worst parameter, its worst standard error."""

    values: float
    errors: float


def read(name: str) -> Certified:
    """A problem's file."""
    lines = (DATA / f"{name}.dat").read_text(encoding="ascii").splitlines()
    rows = [re.split(r"[=\s]+", line.strip()) for line in lines[40:60] if re.match(r"\s*b\d", line)]
    numbers = np.array([[float(word) for word in row[1:]] for row in rows])
    squares = next(float(line.split(":")[1]) for line in lines if line.startswith("Residual Sum of Squares"))
    data = np.array([[float(word) for word in line.split()] for line in lines[60:] if line.strip()]).T
    y, x = data[0], data[1:] if len(data) > 2 else data[1]
    y = np.log(y) if name == "Nelson" else y
    return Certified(x, y, (numbers[:, 0], numbers[:, 1]), numbers[:, 2], numbers[:, 3], squares)


def exact_errors(name: str, problem: Certified, *, rounded: bool) -> np.ndarray:
    """Standard errors of a sum of exponentials in 40-digit arithmetic: of the data as printed, or as 64-bit numbers."""
    import mpmath

    lines = (DATA / f"{name}.dat").read_text(encoding="ascii").splitlines()
    words = [line.split() for line in lines[60:] if line.strip()]
    with mpmath.workdps(40):
        y, x = ([mpmath.mpf(float(row[k]) if rounded else row[k]) for row in words] for k in (0, 1))
        values = [mpmath.mpf(value) for value in problem.values]
        for _ in range(20):
            slopes, residual = mpmath.matrix(len(x), len(values)), mpmath.matrix(len(x), 1)
            for i, place in enumerate(x):
                for k in range(0, len(values), 2):
                    slopes[i, k] = mpmath.exp(-values[k + 1] * place)
                    slopes[i, k + 1] = -values[k] * place * slopes[i, k]
                residual[i] = y[i] - sum(values[k] * slopes[i, k] for k in range(0, len(values), 2))
            square = slopes.T * slopes
            step = mpmath.lu_solve(square, slopes.T * residual)
            values = [value + move for value, move in zip(values, step, strict=True)]
            if mpmath.norm(step) < mpmath.mpf(10) ** -25:
                break
        scale = (residual.T * residual)[0] / (len(x) - len(values))
        inverse = square**-1
        return np.array([float(mpmath.sqrt(scale * inverse[k, k])) for k in range(len(values))])


def fitted(name: str, problem: Certified, start: int) -> fit.CurveFit:
    """The engine's answer from one of the two starts."""
    parameters = [fit.Parameter(f"b{k + 1}", value) for k, value in enumerate(problem.starts[start])]
    with np.errstate(all="ignore"):  # far starts overflow
        return fit.curve(MODELS[name], problem.x, problem.y, parameters)


def digits(found: fit.CurveFit, problem: Certified) -> Digits:
    """Digits that agree, 11 at most, as many as are certified."""
    pairs = (
        (np.array(list(found.values.values())), problem.values),
        (np.array(list(found.errors.values())), problem.errors),
    )
    return Digits(*(agreement(got, true) for got, true in pairs))


def agreement(got: np.ndarray, true: np.ndarray) -> float:
    """Digits to which the worst of some numbers agrees, 11 at most."""
    return float(min(11.0, -np.log10(np.abs(got / true - 1.0).max() + 1e-300)))
