"""Growth and nucleation: rates, viscosity, and what moves in a pulse and in a wait."""
