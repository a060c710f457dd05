"""Writes over several rows, by aggregate."""
