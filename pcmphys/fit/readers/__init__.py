"""Readers of testers' files."""
