"""What a mushroom device conducts: amorphous dome and polycrystal, sector by sector, at any voltage.

- `laws`: parameters; conductivities of the two phases, their mixture; field and conductivity of the glass; domes
- `hopping`, `poole_frenkel`: laws of the field in the glass, one of which the parameter file chooses by its table
- `rows`: layout of the memory in which sectors are solved
- `structure`: from rims and grains to a dome and films in series for each sector, and what the liner adds
- `solve`: from these to current and slope at a voltage, with drift, temperature and the traps' noise of the moment

Another law is another such file: its parameters, its shape with the inverse, the voltage over a dome, and how the
sectors are begun with and improved; it is named in `laws`, where the law is asked for, and in `solve`.

Not modelled: currents between sectors, screening in the glass, field inside a film between grains, a law that changes
with temperature. What grains leave of a sector's dome counts as a dome that begins at the heater.
"""
