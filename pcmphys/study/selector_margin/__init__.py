"""Margins and matvec error of selected arrays against size and wires."""
