"""Threshold switching of the amorphous layer.

Above V_th = F_th u_a the cell goes into its on-state (`pcmphys.physics.heat`) and stays there until its current falls
below the holding current. The threshold field rises as the glass relaxes and falls with temperature.

Not modelled: delay time, recovery after the on-state, statistics of the threshold.

References
----------
V_th linear in u_a: A. Sebastian et al., Nat. Commun. 8, 1115 (2017), as noted in the parameter files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.numerics.compile import law


@dataclass(frozen=True)
class SwitchingParameters:
    """Threshold and holding."""

    threshold_field: float = field(metadata={"unit": "V/m", "above": 0.0, "doc": "F_th, unrelaxed, at the reference"})
    reference_temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "temperature of threshold_field"})
    temperature_slope: float = field(metadata={"unit": "1/K", "low": 0.0, "doc": "relative fall of F_th per kelvin"})
    relaxation_gain: float = field(
        metadata={
            "unit": "1",
            "low": 0.0,
            "doc": "relative rise of F_th per e-fold of the amorphous resistance by drift",
        }
    )
    holding_current: float = field(metadata={"unit": "A", "low": 0.0, "doc": "least current of the on-state"})
    compliance: float = field(metadata={"unit": "V", "above": 0.0, "doc": "largest voltage of a current source"})

    def pack(self) -> SwitchingFloats:
        """The same numbers as the laws take them."""
        return SwitchingFloats(
            self.threshold_field,
            self.reference_temperature,
            self.temperature_slope,
            self.relaxation_gain,
            self.holding_current,
            self.compliance,
        )


class SwitchingFloats(NamedTuple):
    """`SwitchingParameters` for the laws."""

    threshold_field: float
    reference_temperature: float
    temperature_slope: float
    relaxation_gain: float
    holding_current: float
    compliance: float


@law
def threshold_voltage(thickness: float, temperature: float, log_drift: float, p: SwitchingFloats) -> float:
    """Threshold voltage [V] of an amorphous layer: F_th u_a (1 - c (T - T_0)) (1 + g ln D), never below zero.

    ``log_drift`` is ln D, the logarithm by which drift has raised the amorphous resistance.

    Examples
    --------
    >>> from pcmphys.physics.switching import SwitchingFloats
    >>> round(threshold_voltage(25e-9, 300.0, 0.0, SwitchingFloats(40e6, 300.0, 2e-3, 0.05, 1e-5, 4.0)), 6)
    1.0
    """
    thermal = max(1.0 - p.temperature_slope * (temperature - p.reference_temperature), 0.0)
    return p.threshold_field * thickness * thermal * (1.0 + p.relaxation_gain * max(log_drift, 0.0))
