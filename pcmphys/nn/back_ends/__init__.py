"""What multiplies for a layer: one kind of arithmetic a file, behind the interface of `Product`."""

from pcmphys.nn.back_ends.digital import Digital, DigitalProduct
from pcmphys.nn.back_ends.in_place import InPlace, PulsedWeight, TrainingWorkshop
from pcmphys.nn.back_ends.product import Maker, Product
from pcmphys.nn.back_ends.tiles import Tiles, Workshop

__all__ = [
    "Digital",
    "DigitalProduct",
    "InPlace",
    "Maker",
    "Product",
    "PulsedWeight",
    "Tiles",
    "TrainingWorkshop",
    "Workshop",
]
