"""Random telegraph noise: a device's two-state traps, exact through any interval, and what a read sees of them.

- `laws`: parameters; occupancy after an interval, acceleration by temperature, a trap's weight in its sector
- `traps`: the traps of one device as bits of a word: drawn at a quench, advanced to a read, averaged over it

Not modelled: correlations between traps, amplitudes that differ within a sector, dependence on the field.
"""
