r"""Laws of the current below threshold, as `pcmphys.fit.iv` fits them.

Each is :math:`I = G V_s f(V / V_s)` with the low-field conductance G, a voltage scale :math:`V_s(T)` that holds one
ratio of the cell, and a shape f that bends upwards. A law of your own is a class with the same methods.

References
----------
D. Ielmini, Y. Zhang, J. Appl. Phys. 102, 054517 (2007): Poole's conduction between traps that lie close (their sinh
law), and that of Poole and Frenkel between isolated ones. J. Frenkel, Phys. Rev. 54, 647 (1938): a Coulomb barrier that
the field lowers.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from pcmphys.errors import ParameterError
from pcmphys.numerics import check

_MOST_STEPS = 100
_ROUNDING = 1e-14
_TINY = 1e-9
"""Reduced voltage below which all laws are ohmic to rounding."""
_NODES, _WEIGHTS = (0.5 * (part + shift) for part, shift in zip(np.polynomial.legendre.leggauss(20), (1.0, 0.0)))
"""Of a mean along a path from 0 to 1."""


class FitLaw(ABC):
    """A law of conduction: a shape, its voltage scale, and what of the material stands in that scale.

    Attributes
    ----------
    name : str
        As ``law=`` of `pcmphys.fit.iv` takes it.
    ratio_name, ratio_unit : str
        What one I-V determines of thickness and material; no name: nothing, the law has no scale.
    material_name, material_unit : str
        The material's number in it.
    by_thickness : bool
        Whether the shape depends on the thickness too, so that it, or the material's number, must be known.
    """

    name: ClassVar[str]
    ratio_name: ClassVar[str] = ""
    ratio_unit: ClassVar[str] = "1"
    material_name: ClassVar[str] = ""
    material_unit: ClassVar[str] = "1"
    by_thickness: ClassVar[bool] = False

    @property
    def material(self) -> float | None:
        """The material's number where it is known, else None."""
        return None

    @abstractmethod
    def shape(self, x: np.ndarray, thickness: Any = np.nan) -> tuple[np.ndarray, np.ndarray]:
        """f(x) and f'(x) for x >= 0, with f(0) = 0 and f'(0) = 1, nowhere bending down.

        ``thickness`` [m] is for laws whose shape depends on it.
        """

    @abstractmethod
    def inverse(self, y: np.ndarray, thickness: Any = np.nan) -> np.ndarray:
        """The x >= 0 at which f(x) = y."""

    def scale(self, ratio: np.ndarray, temperature: np.ndarray) -> np.ndarray:
        """V_s [V] at a ratio and a temperature [K]."""
        return np.broadcast_to(1.0, np.broadcast_shapes(np.shape(ratio), np.shape(temperature)))

    def ratio(self, thickness: Any, material: Any) -> Any:
        """The ratio of a thickness [m] and the material's number."""
        return thickness / material

    def thickness(self, ratio: Any, material: Any) -> Any:
        """The thickness [m] at a ratio."""
        return ratio * material

    def material_of(self, ratio: Any, thickness: Any) -> Any:
        """The material's number at a ratio and a thickness [m]."""
        return thickness / ratio

    def ratio_at(self, scale: float, temperature: float) -> float:
        """The ratio that has a voltage scale [V] at a temperature [K]: `scale` is proportional to it."""
        return scale / float(self.scale(np.float64(1.0), np.float64(temperature)))


@dataclass(frozen=True)
class PooleLaw(FitLaw):
    r"""Hopping between traps that lie close: I = G V_s sinh(V / V_s), :math:`V_s = 2 k T u / (q \Delta z)`.

    One I-V tells how many hops there are across the layer, u / dz.

    Parameters
    ----------
    hop_distance : float, optional
        Distance between traps dz [m], where it is known.

    Examples
    --------
    Five hops at 300 K:

    >>> round(float(PooleLaw().scale(5.0, 300.0)), 4)
    0.2585
    """

    name = "poole"
    ratio_name = "hops"
    material_name = "hop_distance"
    material_unit = "m"
    hop_distance: float | None = None

    def __post_init__(self) -> None:
        if self.hop_distance is not None:
            value = check.number("hop_distance", self.hop_distance, "m", 0.0, low_open=True)
            if value > 1e-6:
                raise ParameterError(f"hop_distance must be in m; did you mean {1e-9 * value:g} m ({value:g} nm)?")
            object.__setattr__(self, "hop_distance", value)

    @property
    def material(self) -> float | None:
        """``hop_distance`` [m]."""
        return self.hop_distance

    def scale(self, ratio: np.ndarray, temperature: np.ndarray) -> np.ndarray:
        """2 k T u / (q dz) [V]."""
        return 2.0 * BOLTZMANN / ELEMENTARY_CHARGE * np.asarray(temperature) * ratio

    def shape(self, x: np.ndarray, thickness: Any = np.nan) -> tuple[np.ndarray, np.ndarray]:
        """The hyperbolic sine."""
        return np.sinh(x), np.cosh(x)

    def inverse(self, y: np.ndarray, thickness: Any = np.nan) -> np.ndarray:
        """The inverse of the hyperbolic sine."""
        return np.arcsinh(y)


@dataclass(frozen=True)
class PooleDomeLaw(PooleLaw):
    r"""Hopping through a hemispherical dome, whose field is highest at the heater.

    :math:`V(I) = F_0 \int_{r_h}^{r_h + u} \mathrm{arsinh}(I / (2 \pi r^2 \sigma F_0)) \, dr` with
    :math:`F_0 = 2 k T / (q \Delta z)`: at each radius the law of `PooleLaw`, its current density that of the radius.
    Either the thickness or the hop distance must be known.

    Parameters
    ----------
    heater_radius : float
        r_h [m].
    hop_distance : float, optional
        Distance between traps dz [m], where it is known.

    Examples
    --------
    A dome as thick as its heater is wide, at four times its voltage scale, carries more than a plane layer:

    >>> dome = PooleDomeLaw(heater_radius=20e-9)
    >>> round(float(dome.shape(np.float64(4.0), 20e-9)[0] / np.sinh(4.0)), 3)
    1.083
    """

    name = "poole-dome"
    by_thickness = True
    heater_radius: float = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        value = check.number("heater_radius", self.heater_radius, "m", 0.0, 1e-5, low_open=True)
        object.__setattr__(self, "heater_radius", value)

    def _crowding(self, thickness: Any) -> np.ndarray:
        """Current density over its mean, (..., nodes) of the path from heater to rim, by Gauss and Legendre."""
        outer = self.heater_radius + np.asarray(thickness)[..., None]
        radius = self.heater_radius + _NODES * np.asarray(thickness)[..., None]
        return self.heater_radius * outer / radius**2

    def inverse(self, y: np.ndarray, thickness: Any = np.nan) -> np.ndarray:
        """The mean of arsinh(y c) along the path, c the crowding there."""
        with np.errstate(invalid="ignore"):
            return np.arcsinh(np.asarray(y)[..., None] * self._crowding(thickness)) @ _WEIGHTS

    def shape(self, x: np.ndarray, thickness: Any = np.nan) -> tuple[np.ndarray, np.ndarray]:
        """By Newton's method in ln y, from y = sinh x, which lies below."""
        x = np.asarray(x)
        crowding = self._crowding(thickness)
        logs = np.log(np.sinh(np.maximum(x, _TINY)))
        for _ in range(_MOST_STEPS):
            there = np.exp(logs)[..., None] * crowding
            slope = (there / np.sqrt(1.0 + there * there)) @ _WEIGHTS
            step = (np.arcsinh(there) @ _WEIGHTS - np.maximum(x, _TINY)) / slope
            logs = logs - step
            if not (np.abs(step) > 1e-13).any():
                break
        y = np.exp(logs)
        return np.where(x > _TINY, y, x), y / slope


@dataclass(frozen=True)
class PooleFrenkelLaw(FitLaw):
    r"""Emission from isolated charged traps: I = G V exp(sqrt(V / V_s)).

    :math:`V_s = \pi \varepsilon_0 \varepsilon_r (kT)^2 u / q^3`: the barrier falls by :math:`\beta \sqrt{F}` with
    Frenkel's :math:`\beta = \sqrt{q^3 / \pi \varepsilon_0 \varepsilon_r}`. One I-V tells eps_r u, in m. Not modelled:
    emission against the field and to the sides, which makes the current ohmic at low fields, and the transition to
    `PooleLaw` where traps lie close.

    Parameters
    ----------
    permittivity : float, optional
        Relative permittivity at high frequency [1], where it is known.

    Examples
    --------
    25 nm of permittivity 10 at 300 K:

    >>> round(float(PooleFrenkelLaw().scale(250e-9, 300.0)), 4)
    0.029
    """

    name = "poole-frenkel"
    ratio_name = "permittivity_thickness"
    ratio_unit = "m"
    material_name = "permittivity"
    permittivity: float | None = None

    def __post_init__(self) -> None:
        if self.permittivity is not None:
            value = check.number("permittivity", self.permittivity, "1", 1.0, 1e4)
            object.__setattr__(self, "permittivity", value)

    @property
    def material(self) -> float | None:
        """``permittivity`` [1]."""
        return self.permittivity

    def scale(self, ratio: np.ndarray, temperature: np.ndarray) -> np.ndarray:
        """As V_s = pi eps_0 eps_r (kT)^2 u / q^3 [V]."""
        thermal = BOLTZMANN / ELEMENTARY_CHARGE * np.asarray(temperature)
        return math.pi * VACUUM_PERMITTIVITY / ELEMENTARY_CHARGE * thermal**2 * ratio

    def ratio(self, thickness: Any, material: Any) -> Any:
        """eps_r u [m]."""
        return thickness * material

    def thickness(self, ratio: Any, material: Any) -> Any:
        """The thickness [m] at eps_r u [m]."""
        return ratio / material

    def material_of(self, ratio: Any, thickness: Any) -> Any:
        """eps_r at eps_r u [m] and a thickness [m]."""
        return ratio / thickness

    def shape(self, x: np.ndarray, thickness: Any = np.nan) -> tuple[np.ndarray, np.ndarray]:
        """That is x exp(sqrt x)."""
        root = np.sqrt(x)
        grown = np.exp(root)
        return x * grown, (1.0 + 0.5 * root) * grown

    def inverse(self, y: np.ndarray, thickness: Any = np.nan) -> np.ndarray:
        """4 W(sqrt(y) / 2)^2, with Lambert's function W."""
        from scipy.special import lambertw

        return 4.0 * lambertw(0.5 * np.sqrt(y)).real ** 2


@dataclass(frozen=True)
class OhmicLaw(FitLaw):
    """I = G V: a crystalline cell, or reads so low that nothing bends."""

    name = "ohmic"

    def shape(self, x: np.ndarray, thickness: Any = np.nan) -> tuple[np.ndarray, np.ndarray]:
        """The current is proportional to the voltage."""
        return x, np.ones_like(x)

    def inverse(self, y: np.ndarray, thickness: Any = np.nan) -> np.ndarray:
        """The same."""
        return y


LAWS: dict[str, type[FitLaw]] = {one.name: one for one in (PooleLaw, PooleFrenkelLaw, OhmicLaw)}
"""By the name that ``law=`` takes, those that need no number of the cell."""


def law_of(law: Any, hop_distance: Any) -> FitLaw:
    """A law by name or as it is, with the hop distance that a user knows."""
    if not isinstance(law, FitLaw):
        law = LAWS[check.choice("law", law, LAWS)]()
    if hop_distance is None:
        return law
    if not isinstance(law, PooleLaw):
        raise ParameterError(f"hop_distance belongs to the law 'poole'; the law is {law.name!r}")
    if law.hop_distance is not None:
        raise ParameterError("hop_distance is given twice, once in the law")
    return replace(law, hop_distance=hop_distance)


class Around(NamedTuple):
    """What stands around the layer, and the layer's thickness [m] for laws whose shape depends on it."""

    beside: Any
    """Conductance of an ohmic path beside it [S]."""
    series: Any
    """Resistance before both [ohm]."""
    thickness: Any = np.nan


def through(law: FitLaw, voltage: np.ndarray, conductance: Any, scale: Any, around: Around) -> np.ndarray:
    """Current [A] at voltages [V] >= 0 over all of a layer with what stands around it.

    What is left of the voltage for the layer is found by Newton's method from above, which does not overshoot because
    no law bends down.
    """
    voltage, conductance, scale, beside, series, thick = np.broadcast_arrays(
        voltage, conductance, scale, around.beside, around.series, around.thickness
    )
    with np.errstate(all="ignore"):
        inner = voltage / (1.0 + series * (conductance + beside))
        bent = scale * law.inverse(np.where(series > 0.0, voltage / (series * conductance * scale), np.inf), thick)
        inner = np.fmin(inner, bent)
        for _ in range(_MOST_STEPS if (series > 0.0).any() else 0):
            value, slope = law.shape(inner / scale, thick)
            over = inner + series * (conductance * scale * value + beside * inner) - voltage
            step = over / (1.0 + series * (conductance * slope + beside))
            inner = np.maximum(inner - step, 0.0)
            if not (np.abs(step) > _ROUNDING * voltage).any():
                break
        return conductance * scale * law.shape(inner / scale, thick)[0] + beside * inner
