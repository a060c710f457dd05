"""Writes of reporting, one file per aggregate."""
