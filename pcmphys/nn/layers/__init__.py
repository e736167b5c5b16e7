"""Layers whose matrix products a back end computes: one kind of layer a file."""

from pcmphys.nn.layers.attention import AnalogAttention
from pcmphys.nn.layers.base import AnalogLayer
from pcmphys.nn.layers.convolution import AnalogConvolution
from pcmphys.nn.layers.linear import AnalogLinear
from pcmphys.nn.layers.recurrent import AnalogRecurrent

__all__ = ["AnalogAttention", "AnalogConvolution", "AnalogLayer", "AnalogLinear", "AnalogRecurrent"]
