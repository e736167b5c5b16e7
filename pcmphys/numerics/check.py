"""Input checks: the one place that raises on users' numbers and arrays.

Each check returns the value in the form the kernels use (float, int, or a float64 array of our own shape) and never
changes the caller's array.
"""

from __future__ import annotations

import difflib
import math
import operator
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics.extremes import extremes

OVERRANGE = 9e37
"""From here on a number is a tester's mark for over-range or for no reading (SCPI: 9.9E37, 9.91E37), no measurement."""

_LISTED = 20


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else f" {unit}"


def _range(low: float, high: float, *, low_open: bool) -> str:
    left = "(" if low_open or low == -math.inf else "["
    return f"{left}{low:g}, {high:g}{')' if high == math.inf else ']'}"


def number(
    name: str, value: Any, unit: str = "", low: float = -math.inf, high: float = math.inf, *, low_open: bool = False
) -> float:
    """A finite float inside [low, high]; ``low_open`` excludes the lower bound itself."""
    allowed = f"{name} must be a number{_in(unit)} within {_range(low, high, low_open=low_open)}"
    if isinstance(value, np.ma.MaskedArray):
        unmasked(name, value)
    try:
        # float() alone would take text, True and a complex number; kind O holds fractions and very large integers
        given = np.asarray(value)
        if given.dtype.kind not in "fiuO" or given.ndim != 0 or isinstance(given.item(), (bool, str, bytes)):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(f"{allowed}; got {value!r}") from None
    if not math.isfinite(result) or result < low or result > high or (low_open and result == low):
        raise ParameterError(f"{allowed}; got {result:g}{_unit(unit)}")
    if unit == "S":
        measured(name, np.float64(result), unit)
    return result


def integer(name: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """A whole number within [low, high]."""
    bounds = f"within [{'-inf' if low is None else low}, {'inf' if high is None else high}]"
    if isinstance(value, np.ma.MaskedArray):
        unmasked(name, value)
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        result = operator.index(value)
    except TypeError:
        raise ParameterError(f"{name} must be a whole number {bounds}; got {value!r}") from None
    if (low is not None and result < low) or (high is not None and result > high):
        raise ParameterError(f"{name} must be a whole number {bounds}; got {result}")
    return result


def array(
    name: str,
    value: Any,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    *,
    shape: Sequence[int] | None = None,
    ndim: int | Iterable[int] | None = None,
    empty: bool = False,
) -> np.ndarray:
    """A C-contiguous float64 array, every element finite and inside [low, high]; the caller's array is not changed.

    ``shape`` fixes the exact shape, ``ndim`` the number of axes; an empty array is refused unless ``empty``. Masked
    and missing elements and, among conductances, a tester's marks for over-range are refused. What numpy can read as
    real numbers is taken (`xarray.DataArray`, pandas, lists of lists, any layout and byte order); truth values, text,
    times, complex numbers and objects are not.
    """
    return ranged(name, value, unit, low, high, shape=shape, ndim=ndim, empty=empty)[0]


def ranged(
    name: str,
    value: Any,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    *,
    shape: Sequence[int] | None = None,
    ndim: int | Iterable[int] | None = None,
    empty: bool = False,
) -> tuple[np.ndarray, float, float]:
    """What `array` gives, with its least and largest element, which are found on the way; zeros of an empty one."""
    result = _numbers(name, unmasked(name, value), unit, value)
    if shape is not None and result.shape != tuple(shape):
        raise ParameterError(f"{name} must have shape {tuple(shape)}; got shape {result.shape}")
    if ndim is not None:
        allowed = (ndim,) if isinstance(ndim, int) else tuple(ndim)
        if result.ndim not in allowed:
            words = " or ".join(str(n) for n in allowed)
            raise ParameterError(f"{name} must have {words} axes; got shape {result.shape}")
    if result.size == 0:
        if not empty:
            raise ParameterError(f"{name} must not be empty; got shape {result.shape}")
        return result, 0.0, 0.0
    return result, *_check_elements(name, result, unit, low, high)


def _numbers(name: str, value: Any, unit: str, given: Any) -> np.ndarray:
    """The value in float64, whatever the numbers are; ``given`` is what it was to begin with."""
    try:
        # of a weight of PyTorch the numbers are asked for, not the gradient
        result = np.asarray(value.detach() if getattr(value, "requires_grad", False) else value, order="C")
        if result.dtype.kind not in "fiu" or _holds_flags(given):
            raise TypeError
        return np.asarray(result, dtype=np.float64)
    except ParameterError:
        raise
    except (TypeError, ValueError):
        raise ParameterError(f"{name} must be an array of real numbers{_in(unit)}; got {_describe(given)}") from None


def only(name: str, value: Any, chosen: np.ndarray, unit: str = "") -> np.ndarray:
    """The numbers with zero where ``chosen`` is False: what stands there, be it NaN or masked, does not matter.

    Of another shape they are returned as they are, for `array` to check.
    """
    found = _numbers(name, filled(value), unit, value)
    return np.where(chosen, found, 0.0) if found.shape == chosen.shape else found


def _check_elements(name: str, values: np.ndarray, unit: str, low: float, high: float) -> tuple[float, float]:
    # min and max see every NaN; the costly search for the place runs only when something is wrong
    smallest, largest = extremes(values)
    if unit == "S" and (smallest <= -OVERRANGE or largest >= OVERRANGE):
        measured(name, values, unit)
    if math.isfinite(smallest) and math.isfinite(largest) and smallest >= low and largest <= high:
        return smallest, largest
    wrong = ~((values >= low) & (values <= high)) | ~np.isfinite(values)
    place = _first(wrong)
    raise ParameterError(
        f"{name} must hold finite numbers{_in(unit)} within {_range(low, high, low_open=False)}; "
        f"{_element(name, place)} is {values[place]:g}{_unit(unit)} "
        f"({int(wrong.sum())} of {values.size} values are outside)"
    )


def measured(name: str, values: np.ndarray, unit: str = "") -> np.ndarray:
    """Refuse a tester's marks for over-range, naming the first; what is not finite is left to other checks."""
    wrong = (np.abs(values) >= OVERRANGE) & np.isfinite(values)
    if not wrong.any():
        return values
    place = _first(wrong)
    raise ParameterError(
        f"{_element(name, place)} is {values[place]:g}{_unit(unit)}: from {OVERRANGE:g} on a number is a tester's mark "
        f"for over-range or for no reading (9.9E37, 9.91E37), not a measurement ({int(wrong.sum())} of {values.size} "
        "values)"
    )


def with_gaps(
    name: str, value: Any, unit: str = "", low: float = -math.inf, *, ndim: int | Iterable[int] | None = None
) -> np.ndarray:
    """As `array`, but NaN may stand anywhere; always a copy."""
    given = _plain(name, value)
    gap = np.isnan(given) if given.dtype.kind == "f" else np.zeros(given.shape, dtype=bool)
    found = array(name, np.where(gap, 0.0, given) if gap.any() else value, unit, low, ndim=ndim)
    return np.where(gap, np.nan, found)


def flags(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An array of bool of exactly this shape; numbers are no flags."""
    found = _plain(name, value)
    if found.dtype != np.bool_ or found.shape != shape:
        raise ParameterError(
            f"{name} must be an array of bool of shape {shape}; got {found.dtype} of shape {found.shape}"
        )
    return found


def unmasked(name: str, value: Any) -> Any:
    """The value itself; masked elements are refused, because a plain array made of it would show what they hide.

    What pandas calls missing is refused alike; its numbers are returned as a plain array.
    """
    if _nullable(value):
        found, kind = _of_pandas(value), "missing"
        value = found.data
    elif _is_masked(value):
        found, kind = value, "masked"
    else:
        return value
    if not np.ma.is_masked(found) and kind == "missing":
        return value
    try:
        mask = _mask(found)
        place = f"{_element(name, _first(mask))} is {kind} ({int(mask.sum())} of {mask.size} are)"
    except ValueError:  # lists of unequal length inside
        place = f"some are {kind}"
    raise ParameterError(f"{name} must not hold {kind} values; {place}: put numbers there or leave them out")


def filled(value: Any) -> Any:
    """The value with NaN where a mask hides it or pandas misses it; anything else is returned as it is."""
    if _nullable(value):
        found = _of_pandas(value)
    elif _is_masked(value):
        found = _masked(value)
    else:
        return value
    return found.astype(float).filled(np.nan) if found.dtype.kind in "fiu" else value


def _plain(name: str, value: Any) -> np.ndarray:
    """The value as an array of whatever it holds."""
    try:
        return np.asarray(unmasked(name, value))
    except ParameterError:
        raise
    except (TypeError, ValueError):
        raise ParameterError(f"{name} must be an array; got {_describe(value)} of unequal lengths") from None


def _nullable(value: Any) -> bool:
    """Whether it is of pandas, with values that pandas keeps in arrays of its own, where some can be missing."""
    pandas = sys.modules.get("pandas")  # whoever passes something of pandas has imported it
    if pandas is None or isinstance(value, np.ndarray):
        return False
    if not isinstance(value, (pandas.Series, pandas.DataFrame, pandas.Index, pandas.api.extensions.ExtensionArray)):
        return False
    kinds = value.dtypes if isinstance(value, pandas.DataFrame) else [value.dtype]
    own = pandas.api.extensions.ExtensionDtype
    return all(kind.kind in "fiub" for kind in kinds) and any(isinstance(kind, own) for kind in kinds)


def _of_pandas(value: Any) -> np.ma.MaskedArray:
    """Numbers or truth values of pandas, what is missing masked."""
    missing = np.asarray(value.isna())
    kinds = set(value.dtypes) if hasattr(value, "columns") else {value.dtype}
    flags = {kind.kind for kind in kinds} == {"b"}
    if flags:
        numbers = value.to_numpy(dtype=bool, na_value=False)
    elif any(kind.kind == "b" for kind in kinds):
        numbers = np.asarray(value, dtype=object)  # of both, which is neither
    else:
        numbers = value.to_numpy(dtype=float, na_value=np.nan)
    return np.ma.array(numbers, mask=missing)


def _is_masked(value: Any) -> bool:
    """Whether a masked array, or one inside of a list, hides something."""
    if isinstance(value, np.ma.MaskedArray):
        return value.dtype.names is None and bool(np.ma.is_masked(value))  # records are refused for what they are
    return isinstance(value, (list, tuple)) and any(
        _is_masked(part) for part in value if isinstance(part, (list, tuple, np.ma.MaskedArray))
    )


def _holds_flags(value: Any) -> bool:
    """Whether True or False stand in a list: numpy would take them for 1 and 0 among numbers."""
    if not isinstance(value, (list, tuple)):
        return False
    kinds = set(map(type, value))
    if not kinds.isdisjoint((bool, np.bool_)):
        return True
    return not kinds.isdisjoint((list, tuple)) and any(map(_holds_flags, value))


def _masked(value: Any) -> np.ma.MaskedArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy tells of each np.ma.masked in a list
        return np.ma.array(np.array(value), mask=_mask(value))


def _mask(value: Any) -> np.ndarray:
    if isinstance(value, (list, tuple)):
        return np.array([_mask(part) for part in value])
    return np.ma.getmaskarray(value)


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])


def _element(name: str, place: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def _in(unit: str) -> str:
    return f" in{_unit(unit)}" if _unit(unit) else ""


def _describe(value: Any) -> str:
    """What kind of thing it is, down to what a list holds."""
    kind = getattr(value, "dtype", None)
    if isinstance(value, np.ndarray):
        return f"an array of {kind}"
    name = type(value).__name__
    if kind is None and hasattr(value, "columns"):
        kind = ", ".join(sorted({str(column) for column in getattr(value, "dtypes", [])}))
    if kind is not None:
        return f"a {name} of {kind}"
    if isinstance(value, (list, tuple)):
        wrong = sorted({kind.__name__ for kind in _inside(value) if not _is_real(kind)})
        return f"{name} with {', '.join(wrong)} inside" if wrong else name
    return name


def _inside(value: Any) -> set[type]:
    """Types of what stands in a list, or in lists in it."""
    kinds = set(map(type, value))
    for part in value if not kinds.isdisjoint((list, tuple)) else ():
        kinds |= _inside(part) if isinstance(part, (list, tuple)) else set()
    return kinds - {list, tuple}


def _is_real(kind: type) -> bool:
    return issubclass(kind, (int, float, np.integer, np.floating, np.ndarray)) and kind is not bool


def increasing(name: str, values: np.ndarray, unit: str = "") -> np.ndarray:
    """Refuse a 1-D array that does not increase strictly, naming the first place where it fails."""
    steps = np.diff(values)
    if values.size > 1 and not (steps > 0).all():
        k = int(np.argmin(steps > 0))
        raise ParameterError(
            f"{name} must increase strictly; {name}[{k + 1}] = {values[k + 1]:g}{_unit(unit)} follows "
            f"{name}[{k}] = {values[k]:g}{_unit(unit)}"
        )
    return values


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """One of a set of words; a near miss is suggested."""
    allowed = list(allowed)
    if isinstance(value, str) and value in allowed:
        return value
    if len(allowed) <= _LISTED:
        raise ParameterError(f"{name} must be one of {', '.join(allowed)}; got {value!r}{suggest(value, allowed)}")
    raise ParameterError(f"{name}: {value!r} is unknown{suggest(value, allowed)}; it must be one of {some(allowed)}")


def some(words: Iterable[str]) -> str:
    """Words as a list; of more than twenty the first dozen."""
    every = list(words)
    return ", ".join(every) if len(every) <= _LISTED else f"{', '.join(every[:12])} and {len(every) - 12} more"


def suggest(word: object, allowed: Iterable[str]) -> str:
    """'; did you mean ...?' when a known word is close, else an empty string."""
    near = difflib.get_close_matches(str(word), [str(a) for a in allowed], n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near and near[0] != str(word) else ""


def shape(name: str, value: Any) -> tuple[int, ...]:
    """A shape: a whole number or a sequence of whole numbers, none negative."""
    try:
        dims = (value,) if np.ndim(value) == 0 else tuple(value)
    except ValueError:  # lists of unequal length inside
        raise ParameterError(f"{name} must be a whole number or a sequence of them; got {value!r}") from None
    return tuple(integer(f"{name}[{k}]" if len(dims) > 1 else name, d, low=0) for k, d in enumerate(dims))
