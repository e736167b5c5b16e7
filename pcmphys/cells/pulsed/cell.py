"""The cell of one technology that is trained in place, and devices made from it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.numbers import NumberedCell
from pcmphys.cells.pulsed import response
from pcmphys.cells.pulsed.devices import PulsedPopulation
from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.cells.shape import one_shape
from pcmphys.errors import ParameterError
from pcmphys.numerics import check

_MOST_PULSES = 1_000_000


class PulsedCell(NumberedCell[PulsedParameters]):
    """A technology whose devices are trained by pulses in place; make one with `pcmphys.load_cell`.

    Weights are the units of the published laws, between the bounds of ``parameters.window``; every conductance that
    goes in or out is in siemens, by a straight line through the window.

    Parameters
    ----------
    parameters : PulsedParameters
        Numbers of the technology.
    technology : Technology
        The same numbers with unit, source and kind, as read from the parameter file.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> cell = pcm.load_cell("rram-gong2018")
    >>> round(cell.states), round(1e6 * cell.symmetry_point, 2)
    (1481, 42.39)
    """

    @property
    def conductance_maximum(self) -> float:
        """Conductance [S] of the typical upper bound."""
        return self.parameters.window.conductance_maximum

    @property
    def conductance_minimum(self) -> float:
        """Conductance [S] of the typical lower bound."""
        return self.parameters.window.conductance_minimum

    @property
    def read_voltage(self) -> float:
        """Usual read voltage [V]."""
        return self.parameters.read.voltage

    @property
    def reference_time(self) -> float:
        """Age [s] from which drift counts, t_0."""
        return self.parameters.read.reference_time

    @property
    def one_sided(self) -> bool:
        """Whether its devices can only be pulsed up."""
        return self.parameters.one_sided

    @property
    def states(self) -> float:
        """Range between the bounds over the nominal step, by which published devices are called.

        The nominal step is the number of the update law that says how large steps are: ``step`` where it has one (the
        change of a weight of zero but for exponential steps, whose scale it is), the range over the mean of
        ``pulses_up`` and ``pulses_down`` of nonlinear ones, the steps at a weight of zero of a jump table, the first
        step of incremental SET. So it is a label, not a count: `pulses_across` counts.
        """
        window = self.parameters.window
        return (window.weight_maximum - window.weight_minimum) / self.parameters.step

    @functools.cached_property
    def granularity(self) -> float:
        """Mean of the steps up and down of a typical device at weight zero, in weight; up alone of a one-sided one."""
        up, down = response.mean_steps(self.parameters, np.zeros(1))[:, 0]
        return float(up if self.one_sided else 0.5 * (up + down))

    @functools.cached_property
    def symmetry_point(self) -> float:
        """Conductance [S] at which a typical device's steps up and down are alike; NaN if there is none."""
        if self.one_sided:
            return np.nan
        window = self.parameters.window
        return float(window.zero + window.unit * response.symmetry_weight(self.parameters))

    @functools.cached_property
    def asymmetry(self) -> float:
        """Distance of up and down curve at half of their pulses, of the range; NaN of a one-sided device.

        The curves have `states` pulses (those of nonlinear steps their own ``pulses_up`` and ``pulses_down``); where
        that is more than it takes to arrive, they have a flat end. The ``asymmetry`` of a `response` is that of as
        many pulses as you send. The asymmetric nonlinearity of J. Tang et al., IEDM 2018: 0 for curves that run back
        as they came.
        """
        return response.imbalance_of_curves(self.parameters, self._curve)

    @functools.cached_property
    def nonlinearity(self) -> response.Nonlinearity:
        """NeuroSim's labels of the curves up from the lower and down from the upper bound, as of `asymmetry`.

        Both are positive where the first pulses do most; NeuroSim itself writes the second with the other sign.
        """
        return response.labels(self.parameters, self._curve)

    def pulses_across(self, share: float = 0.9) -> response.PulsesAcross:
        """Count the pulses that take a typical device through a share of the window, without noise.

        Parameters
        ----------
        share : float
            Of the range, above 0 up to 1: from the lower bound up, and from the upper one down.

        Returns
        -------
        PulsesAcross
            Infinite where the steps vanish before (a billionth of the window is passed over); NaN down for a device
            that can only be pulsed up.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> pcm.load_cell("rram-gong2018").pulses_across()
        PulsesAcross(up=1106.0, down=821.0)
        >>> cell = pcm.load_cell("pcm-nandakumar2020")
        >>> round(cell.states), cell.pulses_across().up
        (200, 56.0)
        """
        return response.pulses_across(self.parameters, check.number("share", share, "", 0.0, 1.0, low_open=True))

    def steps(self, conductance: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Mean changes [S] of a typical device by a pulse up and by one down, each in its own direction.

        Bounds are left aside. A mean below zero goes the other way: of tables that have one, and of incremental SET
        that a device takes beyond the conductance at which it ends.

        Parameters
        ----------
        conductance : array_like [S]
            Within the window; any shape.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> cell = pcm.load_cell("rram-gong2018")
        >>> up, down = cell.steps([cell.conductance_minimum, cell.conductance_maximum])
        >>> [float(x) for x in (1e9 * up).round(1)], [float(x) for x in (1e9 * down).round(1)]
        ([35.4, 16.3], [13.0, 157.0])
        """
        window = self.parameters.window
        low, high = window.conductance_minimum, window.conductance_maximum
        given = check.array("conductance", conductance, "S", low, high, empty=True)
        weight = (given.reshape(-1) - window.zero) / window.unit
        up, down = window.unit * response.mean_steps(self.parameters, weight)
        return up.reshape(given.shape), down.reshape(given.shape)

    def response(self, up: int = 100, down: int = 100, *, start: float | None = None) -> response.UpdateResponse:
        """Staircase of a typical device without noise: pulses up, then down.

        Parameters
        ----------
        up, down : int
            Numbers of pulses.
        start : float [S], optional
            Conductance before the first pulse; that of the lower bound by default.

        Returns
        -------
        UpdateResponse

        Examples
        --------
        >>> import pcmphys as pcm
        >>> found = pcm.load_cell("ecram-tang2018").response(up=200, down=200)
        >>> found.conductance.shape, bool(found.conductance[200] > found.conductance[400])
        ((401,), True)
        """
        up = check.integer("up", up, 0, _MOST_PULSES)
        down = check.integer("down", down, 0, _MOST_PULSES)
        window = self.parameters.window
        low, high = window.conductance_minimum, window.conductance_maximum
        start = low if start is None else check.number("start", start, "S", low, high)
        if down and self.one_sided:
            raise ParameterError(f"down must be 0: devices of {self.name} can only be pulsed up; got {down}")
        upward = np.arange(up + down) < up
        weight = response.walk(self.parameters, (start - window.zero) / window.unit, upward)
        first = np.concatenate([upward[:1], upward]) if upward.size else np.array([True])
        return response.UpdateResponse(np.arange(weight.size), window.zero + window.unit * weight, first)

    def population(
        self,
        shape: int | Sequence[int],
        *more: int,
        seed: int = 0,
        first_cell: int = 0,
        stuck: float | None = None,
    ) -> PulsedPopulation:
        """Make devices, never pulsed; their spread is drawn here and kept for life.

        Parameters
        ----------
        shape : int or tuple of int
            Any shape, also with no device at all.
        *more
            Nothing: two numbers are refused, as the second could be a width or a seed.
        seed : int
            Same seed, same devices and same noise, whatever the number of threads.
        first_cell : int
            Number of the first device: ``population(n, seed=seed, first_cell=k)`` holds the devices k .. k+n-1 of the
            larger population with that seed, bit by bit.
        stuck : float, optional
            Share of devices (drawn at random) that no pulse changes; by default what the technology says.

        Returns
        -------
        PulsedPopulation

        Examples
        --------
        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("rram-gong2018").population((100, 100), seed=3)
        >>> before = devices.read().mean()
        >>> devices.pulse(+1, count=50)
        >>> devices.wait(1.0)
        >>> bool(devices.read().mean() > before)
        True
        """
        one_shape(shape, more)
        if stuck is not None:
            stuck = check.number("stuck", stuck, "", 0.0, 1.0)
        return PulsedPopulation(self, shape, seed, first_cell, stuck)

    @property
    def _curve(self) -> tuple[int, int]:
        """Pulses of the curves up and down that figures of merit are taken of."""
        law = self.parameters.nonlinear
        pulses = (self.states, self.states) if law is None else (law.pulses_up, law.pulses_down)
        return max(2, round(pulses[0])), max(2, round(pulses[1]))
