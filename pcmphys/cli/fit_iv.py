"""The command that fits I-V curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from pcmphys.cli.fits import TableFiles, Writing, check_outputs, read_files, show
from pcmphys.cli.options import one_object
from pcmphys.cli.quantity import quantity
from pcmphys.errors import ParameterError


@dataclass(frozen=True)
class IvCommand(TableFiles, Writing):
    """What `pcmphys fit iv` is told."""

    voltage: Annotated[str | None, typer.Option(help="Column of voltages.")] = None
    current: Annotated[str | None, typer.Option(help="Column of currents.")] = None
    thickness: Annotated[str | None, typer.Option(help="Amorphous thickness, if it is known: '25 nm'.")] = None
    hop_distance: Annotated[str | None, typer.Option(help="Distance between traps, if it is known: '6 nm'.")] = None
    law: Annotated[str, typer.Option(help="Law below threshold: poole, poole-frenkel, ohmic.")] = "poole"
    heater_radius: Annotated[
        str | None,
        typer.Option(help="With law poole: a dome on a heater of this radius, '20 nm', in the place of a plane layer."),
    ] = None
    free: Annotated[
        list[str] | None,
        typer.Option(
            help="What is fitted too: series_resistance, parallel_conductance, voltage_offset, current_offset."
        ),
    ] = None
    series_resistance: Annotated[
        float, typer.Option(help="Known resistance in series [ohm], or '1.8 kohm'.", parser=quantity("resistance"))
    ] = 0.0
    relative_error: Annotated[
        float | None, typer.Option(help="Known std of a current, as part of it.", show_default="estimated")
    ] = None
    floor: Annotated[str | None, typer.Option(help="Std of the instrument's own noise: '10 pA'.")] = None
    below: Annotated[
        str, typer.Option(help="Currents below the floor or against their voltage: refuse, keep, drop.")
    ] = "refuse"
    compliance: Annotated[str | None, typer.Option(help="Current limit of the tester: '100 uA'.")] = None
    largest_voltage: Annotated[
        float | None,
        typer.Option(help="The law is fitted up to this voltage [V], or '800 mV'.", parser=quantity("voltage")),
    ] = None
    least_on_current: Annotated[str | None, typer.Option(help="The on-state is fitted from this current on.")] = None
    jump: Annotated[float, typer.Option(help="Factor of the current that counts as switching; 0: none is.")] = 3.0


@one_object(IvCommand)
def fit_iv(options: IvCommand) -> None:
    """Fit I-V sweeps: conduction below threshold, the threshold itself, and the on-state behind it.

    One I-V tells the ratio of thickness and hop distance only; give one of them. Several temperatures tell the
    activation energy; several thicknesses (a column named thickness) the threshold field.

    Example:  pcmphys fit iv data/iv-synthetic/sweeps.csv --hop-distance '6 nm' --series-resistance 1800
    --floor '10 pA' --below keep --plot iv.png --out cell.toml --cell ibm-90nm-doped-gst

    Example:  pcmphys fit iv data/stanford-rram/read_iv.csv --device device --temperature '300 K'
    --floor '0.6 uA' --below keep --free current_offset --plot read.png
    """
    from pcmphys.fit import IvOptions, PooleDomeLaw, iv
    from pcmphys.fit.readers.units import sized

    check_outputs(options)

    def si(name: str, quantity: str) -> float | None:
        text = getattr(options, name)
        return None if text is None else sized(f"--{name.replace('_', '-')}", text, quantity)

    told = IvOptions(
        relative_error=options.relative_error,
        floor=si("floor", "current"),
        below=options.below,
        compliance=si("compliance", "current"),
        largest_voltage=options.largest_voltage,
        least_on_current=si("least_on_current", "current"),
        jump=options.jump or None,
        free=tuple(options.free or ()),
        series_resistance=options.series_resistance,
    )
    lengths = {name: si(name, "length") for name in ("thickness", "hop_distance")}
    radius, law = si("heater_radius", "length"), options.law
    if radius is not None:
        if law != "poole":
            raise ParameterError(f"--heater-radius makes a dome of the law poole; the law is {law}")
        law = PooleDomeLaw(heater_radius=radius)
    table = read_files(options, voltage=options.voltage, current=options.current)
    show(iv(table, law=law, options=told, **lengths), options)
