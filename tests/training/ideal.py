"""Devices without spread and noise, and what surrounds them when nothing else does."""

import pcmphys as pcm
from tests.cells.pulsed.technologies import loaded, text

STEP = 1e-3
IDEAL = loaded(text("ideal", "constant", {"step": STEP}))
OPEN = pcm.Periphery(None, None)
EXPECTED = pcm.UpdateTrains(length=64, pulses="expected")


def example():
    """Soft bounds of twenty steps, each device with bounds of its own, at its symmetry point: aihwkit's example 26."""
    content = text("example", "soft_bounds_reference", {"step": 0.1, "at_symmetry_point": 1.0})
    spread = "\n".join(
        f'{side}_spread = {{ value = 0.3, unit = "1", kind = "user" }}' for side in ("minimum", "maximum")
    )
    content = content.replace("[pulse]", f"{spread}\n[pulse]")
    return loaded(content.replace("10e-6", "200e-6").replace("30e-6", "250e-6"))
