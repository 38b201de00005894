"""What compiled queries ask of SQLite beyond its own functions: whoever runs them teaches the connection first."""

import math
import sqlite3
from typing import Any


def teach(database: sqlite3.Connection) -> None:
    """Adds `fold(text)` and `distance(latitude, longitude, to latitude, to longitude, radius)`."""
    database.create_function("fold", 1, _folded, deterministic=True)
    database.create_function("distance", 5, _distance, deterministic=True)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _distance(
    latitude: float | None, longitude: float | None, to_latitude: float, to_longitude: float, radius: float
) -> float | None:
    """The way over a globe of that radius, in its unit; None from nowhere."""
    if latitude is None or longitude is None:
        return None
    here, there = math.radians(latitude), math.radians(to_latitude)
    across = math.radians(to_longitude - longitude)
    half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * radius * math.asin(math.sqrt(half))
