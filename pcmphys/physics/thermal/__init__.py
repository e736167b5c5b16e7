"""Where the heat of the cell flows, and so how its temperature falls from the heater to the top electrode.

- `network`: parameters; heater, core and shells as one chain of thermal resistances, solved for any dome and any melt
- `shape`: the rise over that of the hot spot, as a table for pulses, and the laws that read it

Not modelled: conductivities that depend on temperature, interfaces' own resistances, heat that is stored on its way,
what one sector gives to its neighbour (see `pcmphys.physics.heat.beside_filament`).
"""
