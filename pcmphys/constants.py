"""SI-exact constants (BIPM, SI Brochure, 9th ed., 2019), and what is measured (CODATA 2022)."""

BOLTZMANN = 1.380649e-23
"""Boltzmann constant k_B [J/K]."""
ELEMENTARY_CHARGE = 1.602176634e-19
"""Elementary charge q_e [C]."""
PLANCK = 6.62607015e-34
"""Planck constant h [J s]."""
VACUUM_PERMITTIVITY = 8.8541878188e-12
"""Electric constant eps_0 [F/m]."""
