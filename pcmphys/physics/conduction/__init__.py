"""What a mushroom device conducts: amorphous dome and polycrystal, sector by sector, at any voltage.

- `laws`: parameters; conductivities of the two phases, their mixture, and the voltage at which the dome bends
- `structure`: from rims and grains to a dome and films in series for each sector, and what the liner adds
- `solve`: from these to current and slope at a voltage, with drift, temperature and the traps' noise of the moment

Not modelled: currents between sectors, screening in the glass, field inside a film between grains.
"""
