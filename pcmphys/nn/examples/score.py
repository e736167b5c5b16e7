"""How well a network predicts."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import nn


class Score(NamedTuple):
    """Fraction of right predictions, and cross entropy [bit] of a prediction."""

    accuracy: float
    loss: float


_LOCK = threading.Lock()
_ALONE: list[int] = []
"""Threads that PyTorch had before, once for everybody who wants one now."""


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one thread, so that sums are added in one order; then on as many as before.

    Whoever leaves last, of several threads of a program, gives the others back.
    """
    with _LOCK:
        _ALONE.append(_ALONE[0] if _ALONE else torch.get_num_threads())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _LOCK:
            before = _ALONE.pop()
            if not _ALONE:
                torch.set_num_threads(before)


def tensor(values: np.ndarray) -> torch.Tensor:
    """An array as PyTorch takes it."""
    return torch.from_numpy(values)


def score(module: nn.Module, inputs: np.ndarray, labels: np.ndarray, batch: int = 500) -> Score:
    """Score of a module, whose last axis are classes, on inputs with labels; in the mode it is in, without gradients.

    Examples
    --------
    >>> found = score(nn.Identity(), np.zeros((4, 2), dtype=np.float32), np.array([0, 0, 0, 1]))
    >>> found.accuracy, round(found.loss, 6)
    (0.75, 1.0)
    """
    right, loss = 0, 0.0
    with torch.no_grad():
        for start in range(0, len(inputs), batch):
            found = module(torch.from_numpy(inputs[start : start + batch])).flatten(0, -2)
            wanted = torch.from_numpy(labels[start : start + batch]).flatten()
            right += int((found.argmax(dim=-1) == wanted).sum())
            loss += float(nn.functional.cross_entropy(found.double(), wanted, reduction="sum"))
    return Score(right / labels.size, loss / labels.size / math.log(2.0))
