"""Settings of the study of training: what its file may say, and the template of one."""

from __future__ import annotations

import tomllib
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from pcmphys.numerics import check
from pcmphys.study.settings import Positive, Settings, Strict, Whole, distinct

RULES = ("sgd", "tiki-taka", "buffered", "chopped", "dynamic-reference", "mixed-precision")
DATA = ("digits", "mnist")

TEMPLATE = """# A pcmphys study: a network that is trained in place, by rules and devices, beside floating point.
# Run it with:  pcmphys study FILE.toml       Every line but the first may be left out; these are the defaults.
# Relative paths count from the folder of this file.
# As it stands it takes one core about two minutes; time goes with images, epochs, seeds, rules and cells.

study = "training"            # the kind of study
data = "digits"               # 1437 of 8 x 8 pixels; or "mnist": 4000 of 28 x 28, needs pip install "pcmphys[data]"
hidden = [32]                 # neurons of each hidden layer, sigmoids; a softmax at the end
epochs = 6                    # passes over the training images
halve = 2                     # epochs after which the learning rate is halved
rate = 0.1                    # learning rate
batch = 1                     # images between two updates
seeds = 2                     # independent networks and devices: error bars are the spread over them
seed = 1                      # same seed, same result
# images = 500                # use only so many training images, evenly spread
# rules for devices that go up and down: sgd, tiki-taka, buffered, chopped, dynamic-reference, mixed-precision
rules = ["sgd", "tiki-taka", "mixed-precision"]
# technologies trained in place, side by side (`pcmphys cells`, or paths of parameter files); pairs of those that only
# go up take a rule of their own, and mixed precision
cells = ["ecram-tang2018", "rram-gong2018", "rram-gong2018-softbounds", "pcm-nandakumar2020"]

[sweep]                       # one technology with linear steps, changed
cell = "ecram-tang2018"
rules = ["sgd", "tiki-taka"]
asymmetry = [0.0, 0.25, 0.5, 1.0]         # share of a step that is lost at the bound (1: soft bounds)
states = [25, 100, 400, 1600]             # steps between the bounds

[pair]                        # a capacitor for the updates beside a pair of phase-change devices
capacitor = "capacitor-li2018"
memory = "pcm-nandakumar2020"
imbalance = 0.3               # share that steps down lose against steps up, beside what the technology says
gain = 1.0                    # weight of the pair's difference against the capacitor's
transfer_every = 100          # images between two transfers
inversion = [true, false]     # with and without changing the capacitor's sign at each transfer

[tiki_taka]                   # also of buffered, chopped and dynamic-reference
transfer_every = 1            # images between two transfers of a line

[mixed_precision]
transfer_every = 10           # images between two looks at what was added up

[one_sided]                   # pairs of devices that only go up
rate = 0.03                   # learning rate of their own rule
high = 0.75                   # a pair is RESET and written anew when one is above this
low = 0.25                    # and the other above that, of the largest weight
"""
"""Commented study file with all defaults."""
_DEFAULTS = tomllib.loads(TEMPLATE)
"""All defaults: they stand in the template and nowhere else."""
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Count = Annotated[Whole, Field(ge=1)]


class SweepOptions(Strict):
    """A technology with linear steps, of which asymmetry and number of states are changed."""

    cell: str = _DEFAULTS["sweep"]["cell"]
    rules: tuple[str, ...] = tuple(_DEFAULTS["sweep"]["rules"])
    asymmetry: tuple[Share, ...] = tuple(_DEFAULTS["sweep"]["asymmetry"])
    states: tuple[Annotated[Whole, Field(ge=2)], ...] = tuple(_DEFAULTS["sweep"]["states"])

    @field_validator("rules")
    @classmethod
    def _known(cls, values):
        return distinct(tuple(check.choice("each", value, RULES) for value in values))

    @field_validator("asymmetry", "states")
    @classmethod
    def _distinct(cls, values):
        return distinct(values)


class PairOptions(Strict):
    """Capacitors beside pairs of phase-change devices."""

    capacitor: str = _DEFAULTS["pair"]["capacitor"]
    memory: str = _DEFAULTS["pair"]["memory"]
    imbalance: Annotated[float, Field(ge=-0.99, le=0.99, allow_inf_nan=False)] = _DEFAULTS["pair"]["imbalance"]
    gain: Positive = _DEFAULTS["pair"]["gain"]
    transfer_every: Count = _DEFAULTS["pair"]["transfer_every"]
    inversion: Annotated[tuple[bool, ...], Field(max_length=2)] = tuple(_DEFAULTS["pair"]["inversion"])

    @field_validator("inversion")
    @classmethod
    def _distinct(cls, values):
        return distinct(values)


class TransferOptions(Strict):
    """Of Tiki-Taka in all its versions."""

    transfer_every: Count = _DEFAULTS["tiki_taka"]["transfer_every"]


class MixedOptions(Strict):
    """Of mixed precision."""

    transfer_every: Count = _DEFAULTS["mixed_precision"]["transfer_every"]


class OneSidedOptions(Strict):
    """Of pairs of devices that only go up."""

    rate: Positive = _DEFAULTS["one_sided"]["rate"]
    high: Share = _DEFAULTS["one_sided"]["high"]
    low: Share = _DEFAULTS["one_sided"]["low"]


class TrainingConfig(Settings):
    """A network that is trained in place, by rules and devices.

    Attributes
    ----------
    data : str
        "digits" or "mnist".
    hidden : tuple of int
        Neurons of each hidden layer.
    epochs, halve : int
        Passes over the training images, and after how many the rate is halved.
    rate : float
        Learning rate of the first epochs.
    batch : int
        Images between two updates.
    seeds, seed : int
        Independent networks and devices, and the seed of the whole study.
    images : int or None
        Training images used, evenly spread over all; None: all.
    rules, cells : tuple of str
        What is trained by what; ``cells`` are names or paths of parameter files.
    """

    built_in: ClassVar[str] = "training"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "training networks"

    study: Literal["training"] = "training"
    data: str = _DEFAULTS["data"]
    hidden: tuple[Count, ...] = tuple(_DEFAULTS["hidden"])
    epochs: Count = _DEFAULTS["epochs"]
    halve: Count = _DEFAULTS["halve"]
    rate: Positive = _DEFAULTS["rate"]
    batch: Count = _DEFAULTS["batch"]
    seeds: Annotated[Whole, Field(ge=1, le=65536)] = _DEFAULTS["seeds"]
    seed: Annotated[Whole, Field(ge=0, lt=2**47)] = _DEFAULTS["seed"]
    images: Count | None = None
    rules: tuple[str, ...] = tuple(_DEFAULTS["rules"])
    cells: tuple[str, ...] = tuple(_DEFAULTS["cells"])
    sweep: SweepOptions = SweepOptions()
    pair: PairOptions = PairOptions()
    tiki_taka: TransferOptions = TransferOptions()
    mixed_precision: MixedOptions = MixedOptions()
    one_sided: OneSidedOptions = OneSidedOptions()

    @field_validator("data")
    @classmethod
    def _known_data(cls, value):
        return check.choice("data", value, DATA)

    @field_validator("rules")
    @classmethod
    def _known_rules(cls, values):
        return distinct(tuple(check.choice("each", value, RULES) for value in values))

    @field_validator("cells")
    @classmethod
    def _distinct(cls, values):
        return distinct(values)

    @property
    def named(self) -> tuple[str, ...]:
        """All technologies that the file names."""
        return (*self.cells, self.sweep.cell, self.pair.capacitor, self.pair.memory)
