"""The laws: one effect a file or folder, with its parameters, its laws, and the kernels that step it.

- `geometry`, `dome`: the amorphous dome in sectors; how thick a barrier it is as a whole
- `switching`: threshold voltage, on-state, snapback behind a load; `heat`, `thermal`: filament, hot spot, temperature
  profile as a chain of shells
- `crystallization`: viscosity, growth, nucleation; rims and grains through pulses and waits
- `conduction`: hops or Poole-Frenkel in the glass, polycrystal, sectors in parallel; `liner`: the projection layer
- `relaxation`: what makes conductance drift; `telegraph`, `flicker`: traps, one by one and as 1/f
- `variability`: what differs from device to device for life
- `state`: what a mushroom device is: the arrays that the kernels of all effects share

Each of these begins with what it models, what it does not, how far it holds and where it comes from:
``help(pcm.physics.relaxation)``. Numbers stand in the parameter files of the cells, each with its source or marked as
assumed (``pcmphys cells show NAME``). No file here knows of checks, parameter files or classes of devices. Laws are
plain functions of numbers in SI, compiled.

Examples
--------
Threshold of a dome of 25 nm at 350 K, V_th = (V_0 + F_th u) e^(-c (T - T_0)), and the same by hand:

>>> import math
>>> import pcmphys as pcm
>>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.switching
>>> volts = pcm.physics.switching.threshold_voltage(25e-9, 350.0, 0.0, p.pack())
>>> hand = (p.threshold_offset + p.threshold_field * 25e-9) * math.exp(-p.temperature_slope * (350.0 - 300.0))
>>> math.isclose(volts, hand), round(hand, 3)
(True, 0.682)
"""
