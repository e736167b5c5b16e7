"""Networks of PyTorch on tiles: any module's analog twin, layer by layer.

Needs the extra ``torch``: ``pip install "pcmphys[torch]"``. Nothing else in pcmphys does. What is here, each with a
``help`` of its own (``help(pcm.nn)`` shows all that PyTorch's modules have, too, below this text):

============================  =========================================================================================
`convert`                     a module's twin on devices: an `AnalogTwin`, or with a rule a `LiveTwin`
`plain`                       layers and weights of PyTorch again: of a twin, or of what the next two have made
`hardware_aware`              makes a module train on weights as devices hold them, with any optimiser
`quantised`                   a module's low-precision digital twin
`learned_ranges`              full scales of the converters that `hardware_aware` trained
`shapes`                      what a chip has to hold and to do for a module: a `ProductShape` for every matrix product
`Digital`                     fixed-point arithmetic, in the place of a cell for `convert`
`AnalogTwin`                  predicts on programmed devices: program, wait, calibrate, report, save, load
`TwinReport`, `LayerReport`   what it is like, layer by layer; `DigitalPart`: what of it is not on tiles
`LiveTwin`                    learns on its devices: weights, wait, report, save, load
`PulsedOptimizer`             sends the pulses, as any optimiser of PyTorch is used
`LiveReport`, `PulsedLayer`   pulses, saturation and energy of its training, layer by layer
============================  =========================================================================================

>>> import torch
>>> import pcmphys as pcm
>>> from pcmphys import nn
>>> _ = torch.manual_seed(0)
>>> module = torch.nn.Sequential(
...     torch.nn.Conv2d(1, 8, 3, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
...     torch.nn.Flatten(), torch.nn.Linear(128, 10),
... )
>>> x = torch.rand(20, 1, 8, 8)

`convert` gives its twin on tiles of a cell, with converters, wires and selectors as of `pcmphys.AnalogMatrix`. The
devices have to be programmed; then they age, are calibrated, and predict:

>>> twin = nn.convert(module, pcm.load_cell("hermes-14nm-statistical"), tile=(128, 64), seed=1)
>>> twin.calibrate_ranges(x)  # converters fitted to what typical inputs cause
>>> report = twin.program()
>>> twin.wait(86400.0)
>>> gains = twin.calibrate()
>>> y = twin(x)
>>> bool((y - module(x)).norm() < 0.3 * module(x).norm())
True

What it is like, layer by layer, and what of it is not on tiles:

>>> report = twin.report(x)
>>> [(line.name, line.rows, line.columns, line.tiles) for line in report.layers]
[('0', 9, 8, 1), ('4', 128, 10, 1)]
>>> [(part.name, part.kind, part.what) for part in report.digital][:2]
[('0', 'Conv2d', 'bias'), ('1', 'ReLU', '')]

``print(report)`` shows programming error, error of products, effective bits and clipping. ``calibrate(per="column")``
finds a gain for every column; ``convert(..., combined=True)`` puts input and hidden weights of an LSTM on one stack of
tiles. `shapes` counts what a chip has to hold and to do; ``convert(module, nn.Digital(8, 8))`` computes the same layers
in fixed point.
``twin.save(path)`` writes parameters and devices to a file of arrays, ``twin.load(path)`` takes them over into an equal
twin; its state dict holds them, too.

`hardware_aware` makes a module train on weights as devices hold them, in place, and `plain` takes that off again;
`quantised` is a module's low-precision digital twin, the yardstick beside the analog one:

>>> trained = nn.hardware_aware(module, pcm.load_cell("hermes-14nm-statistical"), times=[200.0, 86400.0])
>>> optimiser = torch.optim.SGD(trained.parameters(), lr=1e-3)
>>> trained(x).square().mean().backward()
>>> optimiser.step()
>>> twin = nn.convert(nn.plain(trained), pcm.load_cell("hermes-14nm-statistical"))
>>> low = nn.quantised(module, weights=4, activations=8, per="column", calibrate=x)

With a rule, `convert` makes a network that learns on its devices, and `PulsedOptimizer` sends the pulses:

>>> live = nn.convert(module, pcm.load_cell("ecram-tang2018"), rule=pcm.TikiTaka())
>>> optimiser = nn.PulsedOptimizer(live.parameters(), lr=0.01)
>>> optimiser.zero_grad()
>>> live(x).square().mean().backward()
>>> optimiser.step()
>>> live.report().pulses > 0
True

`plain` takes what was learned, for other devices or for none:

>>> twin = nn.convert(nn.plain(live), pcm.load_cell("hermes-14nm-statistical"))

**Validity.** On tiles: products with stored weights (Linear, Conv1d, Conv2d, LSTM, GRU, RNN, MultiheadAttention).
Digital and exact: biases, gates of recurrent layers, norms, activations, pooling, embeddings, and products of two
activations (query x key, attention x value), which have no stored weights. All inputs between two reads meet the same
noise; noise faster than a read, converters' own noise and read disturb are not modelled. Products are added in float64
in the order of the word lines, by pcmphys and not by a BLAS, so that the same seed gives the same bits for any split of
a batch and any number of threads; what PyTorch computes in between is as reproducible as PyTorch is.
"""

from typing import TYPE_CHECKING

from pcmphys.nn.needs import require_torch
from pcmphys.numerics.lazy import attach

require_torch()

if TYPE_CHECKING:
    from pcmphys.nn.aware import hardware_aware, learned_ranges, plain
    from pcmphys.nn.back_ends import Digital
    from pcmphys.nn.conversion import convert
    from pcmphys.nn.layer_shapes import ProductShape, shapes
    from pcmphys.nn.layer_table import DigitalPart
    from pcmphys.nn.live import LiveReport, LiveTwin, PulsedLayer, PulsedOptimizer
    from pcmphys.nn.low_precision import quantised
    from pcmphys.nn.report import LayerReport, TwinReport
    from pcmphys.nn.twin import AnalogTwin
else:
    __getattr__, __dir__ = attach(
        __name__,
        {
            "pcmphys.nn.aware": "hardware_aware learned_ranges plain",
            "pcmphys.nn.back_ends": "Digital",
            "pcmphys.nn.conversion": "convert",
            "pcmphys.nn.layer_shapes": "ProductShape shapes",
            "pcmphys.nn.live": "LiveReport LiveTwin PulsedLayer PulsedOptimizer",
            "pcmphys.nn.low_precision": "quantised",
            "pcmphys.nn.layer_table": "DigitalPart",
            "pcmphys.nn.report": "LayerReport TwinReport",
            "pcmphys.nn.twin": "AnalogTwin",
        },
    )  # fmt: skip

__all__ = [
    "AnalogTwin",
    "Digital",
    "DigitalPart",
    "LayerReport",
    "LiveReport",
    "LiveTwin",
    "ProductShape",
    "PulsedLayer",
    "PulsedOptimizer",
    "TwinReport",
    "convert",
    "hardware_aware",
    "learned_ranges",
    "plain",
    "quantised",
    "shapes",
]
