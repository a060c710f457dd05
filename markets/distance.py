"""Distances on the globe, in kilometres: pure arithmetic, no Django."""

from __future__ import annotations

from math import asin, cos, degrees, radians, sin, sqrt
from typing import NamedTuple

# Mean radius of the Earth (IUGG).
EARTH_KM = 6371.0088


class Place(NamedTuple):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


class Box(NamedTuple):
    """A rectangle of degrees that holds every point within a distance; longitudes may need wrapping near ±180°."""

    south: float
    north: float
    west: float
    east: float


def kilometres(a: Place, b: Place) -> float:
    """Great-circle distance by the haversine formula."""
    lat_a, lat_b = radians(a.latitude), radians(b.latitude)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.longitude - a.longitude) / 2
    chord = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(chord)))


def box_around(centre: Place, km: float) -> Box:
    """The smallest rectangle of degrees that no point within `km` of `centre` falls out of.

    Raises ValueError for a negative distance.
    """
    if km < 0:
        raise ValueError("a distance is not negative")
    reach = km / EARTH_KM
    lat = degrees(reach)
    south, north = centre.latitude - lat, centre.latitude + lat
    ratio = sin(min(reach, radians(90))) / max(cos(radians(centre.latitude)), 1e-12)
    if south <= -90 or north >= 90 or ratio >= 1:
        # A pole is inside: every longitude is.
        return Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0)
    lon = degrees(asin(ratio))
    return Box(south, north, centre.longitude - lon, centre.longitude + lon)


def middle(places: list[Place]) -> Place | None:
    """The mean of places that are near each other; None without any."""
    if not places:
        return None
    return Place(
        sum(place.latitude for place in places) / len(places),
        sum(place.longitude for place in places) / len(places),
    )
