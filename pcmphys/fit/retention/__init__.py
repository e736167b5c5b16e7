"""Retention: time to a criterion against temperature, with censored devices."""
