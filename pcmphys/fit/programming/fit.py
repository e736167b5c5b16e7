"""Programming experiments of either kind by one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pcmphys.errors import ParameterError
from pcmphys.fit.paths import refuse_path
from pcmphys.fit.programming.curve import programming_curve
from pcmphys.fit.programming.input import conductances
from pcmphys.fit.programming.result import ProgrammingCurve
from pcmphys.fit.programming.train import pulse_train
from pcmphys.fit.programming.train_result import PulseTrainFit, PulseTrains

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pcmphys.fit.readers.tables import Table

_OF_TRAINS = ("read_error", "memory")


def programming(
    table: Table | None = None, *, amplitude: ArrayLike | None = None, pulse: ArrayLike | None = None, **given: Any
) -> ProgrammingCurve | PulseTrainFit | PulseTrains:
    """Fit a programming experiment: a curve over the pulse's amplitude, or trains of equal pulses.

    Parameters
    ----------
    table : Table, optional
        Of a file (`read_table`), in the place of arrays: with a column ``pulse`` it is a train, else a curve.
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
    refuse_path(table, "programming")
    trains = pulse is not None or (table is not None and "pulse" in table)
    if trains:
        if table is not None:
            return pulse_train(table, pulse=pulse, amplitude=amplitude, **given)
        reads = conductances(
            given.pop("conductance", None), given.pop("resistance", None), given.get("missing", "refuse")
        )
        return pulse_train(reads, pulse=pulse, amplitude=amplitude, **given)
    own = [name for name in _OF_TRAINS if given.get(name) is not None]
    if own:
        raise ParameterError(f"{own[0]} is for trains of pulses: give pulse, their numbers, as well")
    given = {name: one for name, one in given.items() if name not in _OF_TRAINS}
    if table is not None:
        if amplitude is not None:
            raise ParameterError("amplitude: the table has it; leave one of the two out (table.only())")
        return programming_curve(table, **given)
    if amplitude is None:
        raise ParameterError(
            "give amplitude of the levels of a programming curve, or pulse, the numbers of the pulses of a train"
        )
    return programming_curve(amplitude, **given)
