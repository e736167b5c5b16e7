"""Settings of the study of chips: what its file may say, and the template of one."""

from __future__ import annotations

import tomllib
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from pcmphys.chip import LayerShape, network
from pcmphys.chip.networks import NETWORKS
from pcmphys.numerics import check
from pcmphys.study.settings import NotNegative, Positive, Settings, Strict, Whole, distinct

TEMPLATE = """# A pcmphys study: what does a network cost on a chip of tiles, and what do conductance and time buy?
# Run it with:  pcmphys study FILE.toml       Every line but the first may be left out; these are the defaults.
# Every network on every chip. Relative paths count from this file's folder.

study = "chip"                # the kind of study
networks = ["resnet-9", "resnet-32", "lstm", "keywords", "perceptron"]   # known ones; your own: see below
# names, or paths of parameter files (base = "hermes-14nm" in one takes the rest from there)
chips = ["hermes-14nm", "ambrogio2023-14nm", "chang2019-90nm", "gokmen-vlasov-rpu"]
batch = 1000                  # samples that follow each other
replicate = true              # tiles that are left over hold copies of the slowest layers
most_chips = 64               # a network that needs more of them is refused
cell = "hermes-14nm-statistical"   # whose read noise is laid over the two plots
wanted = 20.0                 # [dB] signal over noise that an output must have
points = 25                   # conductances and integration times of the two plots
shortest = 10e-9              # [s] integration
longest = 1e-6                # [s]
age = 3600.0                  # [s] since programming
devices = 200                 # devices programmed to each conductance
seed = 1                      # same seed, same devices

# A network of your own, as many as you like; vectors: inputs for one sample (positions of a convolution's kernel),
# operations: digital ones for each output. To run it alone, set networks = []
# [[own]]
# name = "mine"
# layers = [
#   {name = "conv", rows = 27, columns = 64, vectors = 1024},
#   {name = "dense", rows = 4096, columns = 10},
# ]
"""
"""Commented study file with all defaults."""
_DEFAULTS = tomllib.loads(TEMPLATE)
"""All defaults: they stand in the template and nowhere else."""


class LayerOptions(Strict):
    """A layer of a network of one's own, see `pcmphys.chip.LayerShape`."""

    name: Annotated[str, Field(min_length=1)]
    rows: Annotated[Whole, Field(ge=1)]
    columns: Annotated[Whole, Field(ge=1)]
    vectors: Annotated[Whole, Field(ge=1)] = 1
    operations: NotNegative = 1.0

    @property
    def shape(self) -> LayerShape:
        """As a floorplan takes it."""
        return LayerShape(self.name, self.rows, self.columns, self.vectors, self.operations)


class NetworkOptions(Strict):
    """A network of one's own."""

    name: Annotated[str, Field(min_length=1)]
    layers: Annotated[tuple[LayerOptions, ...], Field(min_length=1)]


class ChipConfig(Settings):
    """Networks on chips.

    Attributes
    ----------
    networks : tuple of str
        Known networks.
    own : tuple of NetworkOptions
        More networks, by their layers.
    chips : tuple of str
        Names of chips, or paths of their parameter files.
    batch, replicate, most_chips
        See `pcmphys.Floorplan`.
    cell : str
        Technology of the devices whose noise is laid over the two plots.
    wanted : float [dB]
        Signal over noise that an output must have.
    points, shortest, longest
        Of the two plots: conductances and integration times, and the range of the latter [s].
    age, devices, seed
        See `pcmphys.chip.signal_to_noise`.
    """

    built_in: ClassVar[str] = "chip"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "laying out networks"

    study: Literal["chip"] = "chip"
    networks: tuple[str, ...] = tuple(_DEFAULTS["networks"])
    own: tuple[NetworkOptions, ...] = ()
    chips: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["chips"])
    batch: Annotated[Whole, Field(ge=1, le=10**12)] = _DEFAULTS["batch"]
    replicate: bool = _DEFAULTS["replicate"]
    most_chips: Annotated[Whole, Field(ge=1, le=10**6)] = _DEFAULTS["most_chips"]
    cell: str = _DEFAULTS["cell"]
    wanted: Annotated[float, Field(allow_inf_nan=False)] = _DEFAULTS["wanted"]
    points: Annotated[Whole, Field(ge=2, le=200)] = _DEFAULTS["points"]
    shortest: Positive = _DEFAULTS["shortest"]
    longest: Annotated[float, Field(gt=0.0, le=1.0)] = _DEFAULTS["longest"]
    age: NotNegative = _DEFAULTS["age"]
    devices: Annotated[Whole, Field(ge=1, le=10**6)] = _DEFAULTS["devices"]
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = _DEFAULTS["seed"]

    @field_validator("networks")
    @classmethod
    def _known(cls, values):
        return distinct(tuple(check.choice("each", value, NETWORKS) for value in values))

    @field_validator("chips")
    @classmethod
    def _apart(cls, values):
        return distinct(values)

    @model_validator(mode="after")
    def _possible(self):
        names = [*self.networks, *(one.name for one in self.own)]
        if not names:
            raise ValueError("networks must hold at least one, or own a network of your own; got none")
        distinct(tuple(names))
        if not self.shortest < self.longest:
            raise ValueError(
                f"shortest [s] must be below longest [s]; {self.shortest:g} s is not below {self.longest:g} s"
            )
        return self

    def layers(self) -> dict[str, list[LayerShape]]:
        """Layers of every network, by its name."""
        return {name: network(name) for name in self.networks} | {
            one.name: [layer.shape for layer in one.layers] for one in self.own
        }

    @property
    def named(self) -> tuple[str, ...]:
        """See `Settings`."""
        return (*self.chips, self.cell)
