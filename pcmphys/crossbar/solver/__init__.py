"""The exact solution of the wires: ladders, iterations, Newton, threshold switches, Kirchhoff's residual."""
