"""Colours against what they stand on, by the Web Content Accessibility Guidelines: words 4.5 : 1, pictures 3 : 1."""

import re
from pathlib import Path

import pytest

import flywheel_sim
from flywheel_sim.present.drawing import FAINT, INK, MUTED, PALETTE, written

PACKAGE = Path(flywheel_sim.__file__).parent
#: White, the app's page, and the verdicts of the app and of the report.
GROUNDS = ("#ffffff", "#f7f8fa", "#f2f7fb", "#f1f6fa")


def luminance(color: str) -> float:
    """Relative luminance of an sRGB colour."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # the guidelines' own example of grey


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("color", [INK, MUTED, *map(written, PALETTE)])
def test_words_can_be_read(color, ground):
    assert contrast(color, ground) >= 4.5


@pytest.mark.parametrize("color", [*PALETTE, FAINT])
def test_lines_can_be_seen(color):
    assert min(contrast(color, ground) for ground in GROUNDS[:2]) >= 3


def test_the_watch_screen_draws_what_says_something_in_colours_that_can_be_seen():
    script = (PACKAGE / "app" / "static" / "watch.js").read_text(encoding="utf-8")
    named = dict(re.findall(r'\b([A-Z]+) = "(#[0-9A-Fa-f]{6})"', script))
    assert {"INK", "MUTED", "FAINT", "BLUE", "ORANGE", "GREEN", "SKY", "GRID"} <= set(named)
    assert {name for name, color in named.items() if contrast(color, "#ffffff") < 3} == {"GRID"}


def test_the_report_writes_in_colours_that_can_be_read():
    page = (PACKAGE / "present" / "templates" / "report.html.jinja").read_text(encoding="utf-8")
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", page))
    assert all(contrast(named[name], "#f1f6fa") >= 4.5 for name in ("ink", "muted", "accent"))
