"""One chip of a study of layers, and one network in fixed point: pure functions of their settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import Periphery, SeveralPairs
from pcmphys.study.layers.settings import LayersConfig

if TYPE_CHECKING:
    from pcmphys.nn import AnalogTwin

REFERENCES = ("float32", "INT8", "INT4", "INT4 per tensor")
"""Digital arithmetic beside the chips: weights, with 8-bit activations but for float32; scales a column or a tensor."""
_PIECES = 250
"""Pieces of a text that are used if nobody says how many: their predictions are as many as 16 000."""
_FIXED_POINT = {"INT8": (8, "column"), "INT4": (4, "column"), "INT4 per tensor": (4, "tensor")}


def run_chip(
    config: LayersConfig,
    network: str,
    training: str,
    cell: Any,
    chip: int,
    tick: Callable[[], None] | None = None,
) -> dict[str, np.ndarray]:
    """A network on one chip.

    Returns
    -------
    dict
        ``accuracy`` and ``loss`` (wires, time), ``programming_error`` of the worst layer, relative to the largest
        conductance, and ``adc_clipped`` (wires), the part of all conversions.
    """
    from pcmphys import nn
    from pcmphys.nn.examples import one_thread, score, trained

    shape = (len(config.ir_drop), len(config.times))
    found = {"accuracy": np.empty(shape), "loss": np.empty(shape), "adc_clipped": np.empty(shape[0])}
    inputs, labels, sample = data_of(config, network)
    with one_thread():
        module = trained(network, training)
        for w, with_wires in enumerate(config.ir_drop):
            # the same seed, so that devices are the same with and without wires: the difference is the wires'
            twin = nn.convert(
                module,
                cell,
                mapping=SeveralPairs(config.pairs, factor=1.0) if config.pairs > 1 else None,
                tile=(config.tile.rows, config.tile.columns),
                periphery=Periphery(**config.periphery.model_dump()),
                wires=Wires(**config.wires.model_dump()) if with_wires else None,
                seed=(config.seed << 16) + chip,
            )
            twin.calibrate_ranges(sample)
            report = twin.program()
            programmed = twin.time
            for t, time in enumerate(config.times):
                _wait_until(twin, programmed, time)
                twin.calibrate()
                found["accuracy"][w, t], found["loss"][w, t] = score(twin, inputs, labels)
                if tick is not None:
                    tick()
            found["adc_clipped"][w] = max(line.adc_clipped for line in twin.report().layers)
    found["programming_error"] = np.array(max(line.programming_error for line in report.layers))
    return found


def run_references(
    config: LayersConfig, network: str, training: str, tick: Callable[[], None] | None = None
) -> dict[str, np.ndarray]:
    """``accuracy`` and ``loss`` of a network in each arithmetic of `REFERENCES`."""
    from pcmphys import nn
    from pcmphys.nn.examples import one_thread, score, trained

    found = {"accuracy": np.empty(len(REFERENCES)), "loss": np.empty(len(REFERENCES))}
    inputs, labels, sample = data_of(config, network)
    with one_thread():
        module = trained(network, training)
        for k, name in enumerate(REFERENCES):
            if name in _FIXED_POINT:
                bits, per = _FIXED_POINT[name]
                twin = nn.quantised(module, bits, per=per, calibrate=sample)
            else:
                twin = module
            found["accuracy"][k], found["loss"][k] = score(twin, inputs, labels)
        if tick is not None:
            tick()
    return found


def data_of(config: LayersConfig, network: str) -> tuple[np.ndarray, np.ndarray, Any]:
    """Test inputs, their labels, and training inputs as a tensor that set ranges."""
    from pcmphys.nn.examples import example, tensor

    split = example(network).data()
    wanted = _PIECES if config.inputs is None and split.right.ndim > 1 else config.inputs
    tests = _spread(len(split.tests), wanted)
    return split.tests[tests], split.right[tests], tensor(split.inputs[_spread(len(split.inputs), config.calibration)])


def _spread(count: int, wanted: int | None) -> np.ndarray:
    """So many of ``count`` numbers, evenly spread; all, if there are no more."""
    if wanted is None or wanted >= count:
        return np.arange(count)
    return (np.arange(wanted) * count) // wanted


def _wait_until(twin: AnalogTwin, programmed: float, time: float) -> None:
    left = time - (twin.time - programmed)
    if left < -1e-9 * time:
        raise ParameterError(
            f"times: at {time:g} s the reads of the time before are still going on, for {-left:.3g} s more; leave more "
            "time between two"
        )
    twin.wait(max(left, 0.0))
