"""What users call things is drawn and printed as they wrote it: nothing in a name is an order to whoever draws it."""

import html
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.roofline import _power
from matplotlib.figure import Figure
from random_walk_runs import COMPANY, TEAMS, run
from rich.console import Console

from flywheel_sim.commands.command_output import LITERAL
from flywheel_sim.commands.run_options import readable, told
from flywheel_sim.present.bridge import waterfall_chart
from flywheel_sim.present.compass import compass_chart
from flywheel_sim.present.drawing import canvas, save_png, to_svg
from flywheel_sim.present.figures import difference_chart, fan_chart, score_chart
from flywheel_sim.present.groups import segments_chart, teams_chart
from flywheel_sim.present.report import render
from flywheel_sim.present.swings import swings_chart
from flywheel_sim.present.tables import comparison_table, search_table
from flywheel_sim.present.tornado import tornado_chart
from flywheel_sim.results import Outcomes
from flywheel_sim.results.bridge import Bridge, Group
from flywheel_sim.results.groups import SEGMENT_MEASURES, TEAM_MEASURES, Groups
from flywheel_sim.results.search import AS_IT_STANDS, Optimum, Policy
from flywheel_sim.results.sensitivity import Index, Sensitivity
from flywheel_sim.results.swings import Bar, Swings
from flywheel_sim.scenario import load

#: Names short enough to stand on one line of a label.
NAMES = (
    "$99 to $79", r"$\frac{1}$", "a_b^c $x", "[bold]x[/]", "[/red]", ":smile:", "<b>&amp;", 'id="x"', "url(#a)",
    "%s {0}", "_hidden", "\\$5",
)  # fmt: skip


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def outcomes(name: str) -> Outcomes:
    """Two companies with teams, a segment and titles of that name."""
    teams = {f"{name}{k}" if k else name: {"headcount": 6, "craft": craft} for k, craft in enumerate(TEAMS.values())}
    owner = next(iter(teams))
    touchpoints = {"pitch": {"stage": "sale", "owner": owner}, "help": {"stage": "service", "owner": owner}}
    plain = COMPANY | {"teams": teams, "segments": {name: COMPANY["segments"]["smb"]},  # type: ignore[index]
                       "journey": {"touchpoints": touchpoints}, "horizon_weeks": 20}  # fmt: skip
    one, two = load(plain | {"title": name}), load(plain | {"title": f"B {name}", "vectors": {"pay_pull": 1.0}})
    rows = [[run(s, 1, k, better=0.8 * p, accounts=False) for k in range(4)] for p, s in enumerate((one, two))]
    made = Outcomes.of(rows)
    luck, names = np.random.default_rng(1), tuple(teams)
    groups = Groups(
        (names,) * 2,
        ((name,),) * 2,
        tuple(luck.gamma(2.0, 1.0, (4, 5, len(TEAM_MEASURES))) for _ in rows),
        tuple(luck.random((4, 1, len(SEGMENT_MEASURES))) for _ in rows),
        4,
    )
    bars = (Bar(f"teams.{name}.skill", f"Skill ({name})", "", 1.0, 0.5, 1.5, -3e5, 9e5),)
    return replace(made, groups=groups, swings=Swings(name, f"B {name}", 4e5, bars, None, (0.5, 1.5), 4))


def drawings(name: str) -> dict[str, Figure]:
    """Every figure that draws what a user named."""
    made = outcomes(name)
    assert made.groups is not None and made.swings is not None
    shape = (1, 1)
    index = Index(np.full(shape, 0.4), np.full(shape, 0.3), np.full(shape, 0.5))
    found = Sensitivity(
        "sobol", (name,), ("npv",), (64,), (0,), {"first": index, "total": index}, None, np.array([1e6]),
        np.array([2e5]), np.array([[[8e5, 1.2e6]]]),
    )  # fmt: skip
    parts = np.full((1, 4, 1), 1e5)
    group = (Group(name, ("vectors",), ("vectors.pay_pull",)),)
    bridge = Bridge(name, "B", group, ("npv",), parts, parts, parts, np.ones((1, 21)), 2, 0, np.zeros(shape), ())
    return {
        "value": fan_chart(made, "value", unit="$", mark_week=3),
        "customers": fan_chart(made, "customers", ruler=(name, np.linspace(200, 300, 21))),
        "difference": difference_chart(made, 1),
        "scores": score_chart(made),
        "compass": compass_chart(made),
        "teams": teams_chart(made.groups, 1),
        "segments": segments_chart(made.groups, 1),
        "swings": swings_chart(made.swings),
        "tornado": tornado_chart(found, "npv"),
        "waterfall": waterfall_chart(bridge),
    }  # type: ignore[dict-item]


def texts(svg: str) -> list[str]:
    """What is drawn, letter by letter."""
    return ["".join(one.itertext()) for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_every_figure_draws_names_as_they_are_written(name: str) -> None:
    for what, figure in drawings(name).items():
        svg = to_svg(figure, "x", name)
        assert any(name in text for text in texts(svg)), what
        assert ET.fromstring(svg).attrib["aria-label"] == name


def test_two_dollars_are_two_dollars_in_a_picture_of_dots_as_well(tmp_path: Path) -> None:
    """As mathematics the words between two dollars lose them, and so the picture is another."""

    def drawn(text: str, literal: bool) -> bytes:
        figure = canvas()
        figure.text(0.1, 0.5, text, parse_math=not literal)
        figure.add_axes((0.2, 0.2, 0.6, 0.6)).set_xticks([0.0, 1.0], [text, "b"])
        return save_png(figure, tmp_path / "x.png").read_bytes()

    assert drawn("$99 to $79", False) == drawn("$99 to $79", True)
    assert drawn(r"$\frac{1}$", False) == drawn(r"$\frac{1}$", True)


def test_what_no_font_can_draw_is_left_out() -> None:
    figure = canvas()
    figure.text(0.1, 0.5, "a\x00b\x1bc")
    assert texts(to_svg(figure, "x", "words")) == ["a b c"]


def test_the_roofline_counts_in_powers_of_ten() -> None:
    assert _power(10_000) == "10⁴"
    assert _power(12_345) == "12,345"


def test_the_report_says_names_as_they_are_written(name: str) -> None:
    page = render(outcomes(name))
    said = html.unescape(re.sub(r"<[^>]*>", "\n", page))
    assert f"B {name} against" in said.replace("\n", "") or f"B {name}" in said
    assert said.count(name) > 5
    assert "<b>" not in page


def test_a_terminal_prints_names_as_they_are_written(name: str) -> None:
    """A title in brackets is no colour, and one between colons no picture."""
    made = outcomes(name)
    policies = (Policy(AS_IT_STANDS, {}, np.zeros(1), np.zeros((3, 1))), Policy(name, {}, np.ones(1), np.ones((3, 1))))
    search = Optimum("T", {"npv": "maximise"}, policies, 1, (1,), np.zeros((0, 1)), (), None, 4, 2)
    for text in (told(made), readable(search_table(search))):
        assert name in text
    console = Console(file=io.StringIO(), width=200, **LITERAL)
    console.print(comparison_table(made))
    assert name in console.file.getvalue()  # type: ignore[attr-defined]
