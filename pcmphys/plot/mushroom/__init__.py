"""Figures of mushroom cells: one device, and what many do."""
