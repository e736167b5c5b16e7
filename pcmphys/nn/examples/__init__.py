"""Small networks with data: a convolutional one on digits, an LSTM on spoken vowels, a transformer on a text."""

from pcmphys.nn.examples.data import Samples, digits, text, vowels
from pcmphys.nn.examples.networks import EXAMPLES, TRAININGS, Example, example, fingerprint, trained
from pcmphys.nn.examples.score import Score, one_thread, score, tensor

__all__ = [
    "EXAMPLES",
    "TRAININGS",
    "Example",
    "Samples",
    "Score",
    "digits",
    "example",
    "fingerprint",
    "one_thread",
    "score",
    "tensor",
    "text",
    "trained",
    "vowels",
]
