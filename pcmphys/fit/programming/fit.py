"""Programming experiments of either kind by one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pcmphys.errors import ParameterError
from pcmphys.fit.programming.curve import programming_curve
from pcmphys.fit.programming.result import ProgrammingCurve
from pcmphys.fit.programming.train import pulse_train
from pcmphys.fit.programming.train_result import PulseTrainFit, PulseTrains

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def programming(
    *, amplitude: ArrayLike | None = None, pulse: ArrayLike | None = None, **given: Any
) -> ProgrammingCurve | PulseTrainFit | PulseTrains:
    """Fit a programming experiment: a curve over the pulse's amplitude, or trains of equal pulses.

    Parameters
    ----------
    amplitude : array, optional
        Without ``pulse``: of each level of a programming curve; everything else as `programming_curve` takes it.
    pulse : array, optional
        Pulse numbers of a train; ``amplitude``, if given, is that of its pulses, and all else is as `pulse_train` takes
        it.
    **given
        ``conductance`` or ``resistance``, ``device``, ``unit``, ``missing``; of trains also ``read_error``, ``memory``.

    Returns
    -------
    ProgrammingCurve, PulseTrainFit or PulseTrains

    Raises
    ------
    ParameterError
        Neither amplitude nor pulse, arguments of the other kind, and what the two functions refuse.

    Examples
    --------
    >>> import numpy as np
    >>> current = np.linspace(50e-6, 400e-6, 15)
    >>> found = programming(amplitude=current, conductance=np.where(current < 230e-6, 20e-6, 1e-7))
    >>> found.quantity, found.branches.falls
    ('current', True)
    """
    if pulse is not None:
        return pulse_train(pulse=pulse, amplitude=amplitude, **given)
    if amplitude is None:
        raise ParameterError(
            "give amplitude of the levels of a programming curve, or pulse, the numbers of the pulses of a train"
        )
    own = [name for name in ("read_error", "memory") if given.get(name) is not None]
    if own:
        raise ParameterError(f"{own[0]} is for trains of pulses: give pulse, their numbers, as well")
    return programming_curve(
        amplitude, **{name: one for name, one in given.items() if name not in ("read_error", "memory")}
    )
