"""Layers of PyTorch whose matrix products can be reached: what goes in, the weights, and what comes out."""

from pcmphys.nn.opened.edges import Edge, product
from pcmphys.nn.opened.opening import OpenMatrix, close, is_open, open_layers, openable, settle, weights_of

__all__ = ["Edge", "OpenMatrix", "close", "is_open", "open_layers", "openable", "product", "settle", "weights_of"]
