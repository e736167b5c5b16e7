"""A weight matrix that is trained where it stands."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import Periphery
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn
from pcmphys.training import checks
from pcmphys.training.plane import Plane, PulseCounts
from pcmphys.training.rules.rule import Rule, Trained
from pcmphys.training.rules.sgd import Sgd
from pcmphys.training.surroundings import Surroundings
from pcmphys.training.trains import UpdateTrains


class TrainableMatrix:
    """Weights on devices that learn in place: y ~ x @ weights, and updates by pulses.

    Parameters
    ----------
    shape : tuple of int
        (inputs, outputs).
    cell : PulsedCell
        Devices, as `pcmphys.load_cell` gives them.
    rule : Rule
        What becomes of an update: `Sgd` by default.
    scale : float
        Weight that a device's weight of one stands for.
    tile : tuple of int
        Largest number of word and of bit lines of a tile; partial sums are added digitally.
    wires : Wires, optional
        Wire resistance of every tile, and of the array of reference devices beside it; none by default.
    periphery : Periphery, optional
        Converters, forward and backward: by default 7 bits in, 9 bits out, and a range of twelve inputs of one on half
        the largest weight (T. Gokmen, Y. Vlasov, Front. Neurosci. 10, 333 (2016)).
    trains : UpdateTrains, optional
        How updates become pulses.
    seed : int
        Same seed, same devices and same noise.
    first_cell : int
        Number of the first device, so that several matrices of one chip can share a seed without sharing devices;
        `last_cell` is where the next may begin.
    refresh : int
        Updates after which the effect of wires is computed anew. Each time takes the transfer matrix of every tile and
        of its reference devices: on one core about 0.1 s for 256 word lines, seconds for 512.
    halvings : int
        How often a forward product that leaves the converter's range is repeated with inputs of half the size, so that
        at last it fits (bound management: T. Gokmen, M. Onen, W. Haensch, Front. Neurosci. 11, 538 (2017)); 0: never,
        what is outside is clipped.

    Raises
    ------
    ParameterError
        A cell that is not trained in place, or one that the rule cannot train.

    Notes
    -----
    Weights are what a device conducts against its reference. Every input vector is a read of its own, with the noise of
    all devices that it meets. A batch is updated sample by sample, in order: results do not depend on threads or on
    other matrices, nor on how a batch is cut, unless devices leak: then one call of `update` is a mini-batch, and takes
    as long as its pulses. `counts` are of products and updates; pulses that `program` needs are not among them.

    Not modelled: what a pulse on a line does to devices where the other line does not fire, IR drop of the pulses, what
    wires do to the noise of reads.

    Examples
    --------
    >>> import numpy as np
    >>> import pcmphys as pcm
    >>> matrix = pcm.TrainableMatrix((4, 3), pcm.load_cell("rpu-gokmen2016"), seed=1)
    >>> x, target = np.eye(4), np.arange(12.0).reshape(4, 3) / 20.0
    >>> for _ in range(200):
    ...     matrix.update(x, matrix.forward(x) - target, rate=0.1)
    >>> bool(np.abs(matrix.weights - target).max() < 0.1)
    True
    """

    __array_ufunc__ = None  # so that numpy leaves x @ matrix to us

    def __init__(
        self,
        shape: tuple[int, int],
        cell: PulsedCell,
        rule: Rule | None = None,
        *,
        scale: float = 1.0,
        tile: tuple[int, int] = (512, 512),
        wires: Wires | None = None,
        periphery: Periphery | None = None,
        trains: UpdateTrains | None = None,
        seed: int = 0,
        first_cell: int = 0,
        refresh: int = 1,
        halvings: int = 10,
    ):
        self.shape: tuple[int, int] = checks.checked_shape(shape)
        self.cell: PulsedCell = checks.checked_cell("cell", cell)
        self.rule: Rule = Sgd() if rule is None else rule
        if not isinstance(self.rule, Rule):
            raise ParameterError(f"rule must be a rule such as pcmphys.Sgd(); got {type(rule).__name__}")
        self.scale: float = check.number("scale", scale, "", 0.0, low_open=True)
        wires = Wires() if wires is None else wires
        periphery = Surroundings().periphery if periphery is None else periphery
        checks.check_around(wires, periphery)
        trains = UpdateTrains() if trains is None else trains
        if not isinstance(trains, UpdateTrains):
            raise ParameterError(f"trains must be an UpdateTrains; got {type(trains).__name__}")
        around = Surroundings(
            checks.checked_tile(tile), wires, periphery, trains, check.integer("refresh", refresh, 1),
            check.integer("halvings", halvings, 0, 30),
        )  # fmt: skip
        self.seed: int = check.integer("seed", seed, 0, 2**64 - 1)
        self.last_cell: int = check.integer("first_cell", first_cell, 0)
        self.trained: Trained = self.rule.start(self.cell, lambda own: self._plane(own, around))

    def __repr__(self) -> str:
        rows, columns = self.shape
        return (
            f"TrainableMatrix({rows} x {columns} of {self.cell.name!r}, {type(self.rule).__name__}, "
            f"{self.counts.updates} updates)"
        )

    @property
    def weights(self) -> np.ndarray:
        """Weights as they read now, without noise, converters and wires; shape (inputs, outputs)."""
        return self.scale * self.trained.weights

    @property
    def counts(self) -> PulseCounts:
        """Updates, pulses and products that left their range, of all arrays of the matrix so far."""
        return self.trained.counts

    @property
    def time(self) -> float:
        """Lab clock [s] of the array that was busy longest."""
        return max(plane.devices.time for plane in self.trained.planes)

    def forward(self, x: ArrayLike) -> np.ndarray:
        """Multiply: y ~ x @ weights.

        Parameters
        ----------
        x : array_like
            Shape (inputs,) or (batch, inputs).

        Returns
        -------
        ndarray
            Shape (outputs,) or (batch, outputs).
        """
        x, single = checks.checked_lines("x", x, self.shape[0])
        y = self._scaled(self.trained.forward(x))
        return y[0] if single else y

    def backward(self, d: ArrayLike) -> np.ndarray:
        """Multiply by the transposed weights: e ~ d @ weights.T.

        Parameters
        ----------
        d : array_like
            Shape (outputs,) or (batch, outputs): gradient of the loss by the outputs.

        Returns
        -------
        ndarray
            Shape (inputs,) or (batch, inputs): gradient by the inputs.
        """
        d, single = checks.checked_lines("d", d, self.shape[1])
        e = self._scaled(self.trained.backward(d))
        return e[0] if single else e

    def update(self, x: ArrayLike, d: ArrayLike, rate: float) -> None:
        """Learn: weights change by -rate x d, as far as rule and devices allow.

        Parameters
        ----------
        x : array_like
            Inputs, shape (inputs,) or (batch, inputs).
        d : array_like
            Gradient of the loss by the outputs, shape (outputs,) or (batch, outputs). The changes of a batch are added,
            not averaged.
        rate : float
            Above zero.

        Raises
        ------
        ParameterError
            A rate of zero or less, shapes that do not go together, or no event left.
        """
        rate = check.number("rate", rate, "", 0.0, low_open=True)
        x, _ = checks.checked_lines("x", x, self.shape[0])
        d, _ = checks.checked_lines("d", d, self.shape[1])
        if len(x) != len(d):
            raise ParameterError(f"x and d must be of one batch; got {len(x)} inputs and {len(d)} gradients")
        if not len(x):
            return
        self.trained.update(x, d, rate / self.scale)
        for plane in self.trained.planes:
            plane.settle()

    def program(self, weights: ArrayLike) -> np.ndarray:
        """Write weights to start from, device by device, by reads and pulses.

        Parameters
        ----------
        weights : array_like
            Shape (inputs, outputs); those that no device reaches are clipped, with a warning.

        Returns
        -------
        ndarray
            Weights minus what was asked for.
        """
        weights = check.array("weights", weights, shape=self.shape)
        low, high = (self.scale * bound for bound in self.trained.reach)
        outside = int(((weights < low) | (weights > high)).sum())
        if outside:
            warn(
                f"weights: {outside} of {weights.size} lie outside of [{low:g}, {high:g}], which devices of "
                f"{self.cell.name} reach, and were clipped to it"
            )
        self.trained.program(weights / self.scale)
        return self.weights - weights

    def __rmatmul__(self, x: ArrayLike) -> np.ndarray:
        """``x @ matrix``: short for `forward`."""
        return self.forward(x)

    def wait(self, duration: float) -> None:
        """Let ``duration`` [s] pass for every device."""
        check.number("duration", duration, "s", 0.0)
        for plane in self.trained.planes:
            plane.devices.wait(duration)

    def copy(self) -> Self:
        """Branch the training: the copy has the same past, and the same future under the same updates."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.trained = self.trained.copy()
        return twin

    def _scaled(self, product: np.ndarray) -> np.ndarray:
        return product if self.scale == 1.0 else self.scale * product

    def _plane(self, cell: Any, around: Surroundings) -> Plane:
        made = Plane(cell, self.shape, self.seed, self.last_cell, around)
        self.last_cell += math.prod(self.shape)
        return made
