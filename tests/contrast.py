"""Contrast as WCAG 2 counts it, and the colours of our sheets of style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(char * 2 for char in digits)
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def texts_of(sheet: str) -> Iterator[tuple[str, str, str]]:
    """(selector, colour of its text, colour behind it) of each rule that gives a colour to text."""
    content = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / sheet).read_text(encoding="utf-8"), flags=re.S)
    for selector, body in _RULE.findall(content):
        values = dict(part.split(":", 1) for part in body.split(";") if ":" in part)
        named = {key.strip(): value for key, value in values.items()}
        text = _COLOUR.findall(named.get("color", ""))
        behind = _COLOUR.findall(named.get("background", named.get("background-color", "")))
        if text:
            yield selector.strip(), text[0], behind[0] if behind else "#ffffff"
