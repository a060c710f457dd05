"""Denominators: the same work done the plain way, written before what they measure."""
