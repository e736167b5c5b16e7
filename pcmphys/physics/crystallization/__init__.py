"""Crystals that grow and nucleate in the undercooled melt and in the glass.

- `viscosity`: of melt and glass, from which both rates follow
- `rates`: parameters; driving force, growth velocity, nucleation rate
- `tables`: both rates over temperature, as pulses read them
- `pulse`, `nuclei`: laws of a pulse's short steps: melt front and rims, grains and nuclei while a device is hot
- `rows`: where in memory these keep what they need of a device
- `anneal`: kernels of a wait at one temperature, in one step however long

Not modelled: transient nucleation, growth that depends on a grain's size, grains that push each other, composition.
"""
