"""Measures of the project against plain code: `bin/bench`."""
