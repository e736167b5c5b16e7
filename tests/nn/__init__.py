"""Networks on tiles."""
