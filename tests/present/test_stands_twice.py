"""Every number of a comparison that stands on several pages: found by its name there, and one value everywhere."""

import html
import io
import re
from collections import defaultdict

import numpy as np
import pytest
from random_walk_runs import runs

from flywheel_sim.app.answers import tiles
from flywheel_sim.app.comparing import table as app_table
from flywheel_sim.commands.run_options import told
from flywheel_sim.present.drawing import Told
from flywheel_sim.present.report import render
from flywheel_sim.present.tables import shown
from flywheel_sim.results import SUMMARY, Outcomes
from flywheel_sim.results.words import money, number, of_100, percent, signed_money, week

#: What a name means, on whatever page it stands; a name that is not here has no known meaning and fails the test.
NAMES = {
    # text of compare and demo
    "net present value, median": "npv", "80 % of runs": "npv range", "gain over the baseline, mean": "difference",
    "80 % interval": "difference interval", "better, of 100 paired runs": "wins", "break-even": "break-even",
    "largest shortfall": "dip", "gain, median": "difference median",
    # report
    "Value": "npv", "Gain over the baseline": "difference", "Better, of 100 paired runs": "wins",
    "Break-even": "break-even",
    "Largest shortfall": "dip", "Extra value, 2 years": "difference", "Chance it is better": "wins of runs",
    # app
    "Value, median": "npv", "Less the baseline's": "difference", "Less the baseline's, mean": "difference",
    "80 % interval of that mean": "difference interval", "Ahead, of 100 runs": "wins", "Ahead": "wins in per cent",
    "Break-even, median": "break-even", "Value after 2 years": "npv", "Customers at the end": "customers_end",
    "Lost in a year": "churn_annual", "Won by word of mouth": "referral_share",
    **{one.label: key for key, one in SUMMARY.items()},
    **{one.label[:1].upper() + one.label[1:]: key for key, one in SUMMARY.items()},
}  # fmt: skip
NONE = ("", "baseline", "\N{EM DASH}", "-")


@pytest.fixture(scope="module")
def made() -> Outcomes:
    return Outcomes.of(runs(31))


def of_text(made: Outcomes) -> list[tuple[str, int, str]]:
    """Rows of the text of compare."""
    lines = [line for line in str(told(made)).splitlines() if line.strip()]
    head = next(k for k, line in enumerate(lines) if all(label in line for label in made.labels))
    found = []
    for line in lines[head + 1 :]:
        name = re.split(r"\s{2,}", line.strip())[0]
        if name not in NAMES:
            continue
        cells = re.split(r"\s{2,}", line.strip())[1:]  # what only challengers have stands at the right
        found += [(name, k, cell) for k, cell in enumerate(cells, len(made.labels) - len(cells))]
    return found


def of_report(made: Outcomes) -> list[tuple[str, int, str]]:
    """Tiles and the table of numbers of the report."""
    page = render(made)
    found = [
        (html.unescape(name), 1, html.unescape(value))
        for name, value in re.findall(r'<div class="name">(.*?)</div>\s*<div class="value">(.*?)</div>', page)
    ]
    at = page.index('<th scope="col" class="n">Better, of 100 paired runs</th>')
    whole = page[page.rindex("<table", 0, at) : page.index("</table>", at)]
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', whole)[1:]
    for k, row in enumerate(re.findall(r'<tr><th scope="row">.*?</tr>', whole, re.S)):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
        assert len(cells) == len(heads)
        found += [
            (html.unescape(head), k, html.unescape(re.sub(r"<small>.*", "", cell, flags=re.S)))
            for head, cell in zip(heads, cells, strict=True)
        ]
    return found


def of_json(made: Outcomes) -> list[tuple[str, int, str]]:
    """What JSON has, in the words of a page."""
    found = []
    for k, row in enumerate(made.to_dict()["scenarios"]):
        found += [
            (key, k, shown(key, row[key]))
            for key in ("npv", "customers_end", "nps_true", "churn_annual", "referral_share")
        ]
        if k:
            found += [
                ("difference", k, signed_money(row["difference"])),
                ("wins", k, of_100(row["wins_of_100"])),
                ("break-even", k, week(row["breakeven_week"])),
            ]
    verdict = made.to_dict()["verdict"]
    found.append(("difference", 1, signed_money(verdict["difference"])))
    return found


def of_app(made: Outcomes) -> list[tuple[str, int, str]]:
    """The app's table, and its tiles with and without a comparison."""
    rows = [(name, k, value) for name, values in app_table(made) for k, value in enumerate(values)]
    rows = [("Value, median" if name == "Value" else name, k, value) for name, k, value in rows]
    rows += [(re.sub("^Extra value, .*", "Gain over the baseline", tile.label), 1, tile.value) for tile in tiles(made)]
    return rows + [(tile.label, 0, tile.value) for tile in tiles(Outcomes.of(runs(31)[:1]))]


def test_what_has_one_name_or_one_meaning_has_one_value(made: Outcomes) -> None:
    values: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    pages = defaultdict(set)
    for where, page in (("text", of_text), ("report", of_report), ("json", of_json), ("app", of_app)):
        for name, scenario, value in page(made):
            key = NAMES.get(name, name if where == "json" else "")
            assert key, f"'{name}' on the page of {where} means nothing that this test knows"
            if value not in NONE:
                values[key, scenario].setdefault(value, where)
                pages[key, scenario].add(where)
    other = {key: found for key, found in values.items() if len(found) > 1 and key[0] not in ("dip", "break-even")}
    assert other == {}
    everywhere = {key for (key, _), found in pages.items() if len(found) == 4}
    assert {"npv", "difference", "wins", "customers_end", "nps_true", "churn_annual", "referral_share"} <= everywhere
    for key in ("break-even", "dip"):  # with how many never, or with its week, where there is room
        begins = {value.split(",")[0].split(" (")[0] for value in values[key, 1]}
        assert len(begins) == 1, begins


def test_a_part_of_the_runs_says_how_many_it_is_the_mean_of(made: Outcomes) -> None:
    from flywheel_sim.present.bridge import waterfall_chart
    from flywheel_sim.present.tables import bridge_table
    from flywheel_sim.results.bridge import Bridge, Group

    parts = np.full((1, 7, 1), 5e5)
    groups = (Group("pay", ("incentives",), ("vectors.pay_pull",)),)
    bridge = Bridge("A", "B", groups, ("npv",), parts, parts, parts, np.ones((1, 3)), 2, 0, np.zeros((1, 1)), ())
    assert list(bridge_table(bridge).columns[0].cells)[-1] == "difference, mean of 7 runs"
    labels = [text.get_text() for text in waterfall_chart(bridge).findobj(lambda one: hasattr(one, "get_text"))]
    assert "Difference, 7 runs" in labels


@pytest.mark.parametrize("words", [money, signed_money, percent, number, str])
def test_a_tick_says_its_value(words) -> None:  # type: ignore[no-untyped-def]
    for step in (0.01, 0.05, 0.35, 1.05, 20.0, 3e4, 1.05e6):
        values = [k * step for k in range(5)]
        for value, said in zip(values, Told(words).format_ticks(values), strict=True):
            found = re.search(r"[\d][\d,.]*", said)
            assert found is not None
            after = said[found.end() :].strip()
            unit = {"k": 1e3, "m": 1e6, "%": 0.01}.get(after, 1.0)
            assert float(found.group().replace(",", "")) * unit == pytest.approx(value, abs=0.02 * step + 1e-12), (
                value,
                said,
            )


def test_figures_of_searches_data_and_posteriors_tell_ticks_apart() -> None:
    from pathlib import Path

    import flywheel_sim.present as present

    for file in Path(present.__file__).parent.glob("*.py"):
        assert "FuncFormatter" not in file.read_text("utf-8") or file.stem == "roofline", file.name


def test_what_is_missing_is_told_with_its_reason() -> None:
    from rich.console import Console

    from flywheel_sim.present.tables import summary_table

    some = runs(3)[0]  # without accounts, so that nobody's profit is known
    for these in (some[:1], some):
        out = io.StringIO()
        Console(width=220, file=out).print(summary_table(these))
        text = out.getvalue()
        missing = [key for key in SUMMARY if key != "breakeven_week" and all(key in run.missing for run in these)]
        assert {"loss_making_share", "whale_peak"} <= set(missing)
        for key in SUMMARY:
            assert key in text.split(), key
        for key in missing:
            assert these[0].missing[key] in text, key
