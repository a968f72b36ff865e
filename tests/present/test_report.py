import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape
from page_links import Links
from random_walk_runs import company, run, runs, shared

from flywheel_sim.present.compass import compass_chart, moments, side_of
from flywheel_sim.present.drawing import apart, save_png, to_svg
from flywheel_sim.present.figures import difference_chart, fan_chart, score_chart
from flywheel_sim.present.report import render, write_report
from flywheel_sim.present.tables import comparison_table, summary_table
from flywheel_sim.present.validation import limits, patterns
from flywheel_sim.results import Outcomes
from flywheel_sim.results.assumptions import changed, key_assumptions, plain_label, tally
from flywheel_sim.results.groups import SEGMENT_MEASURES, TEAM_MEASURES, Groups
from flywheel_sim.results.naming import pack, unpack
from flywheel_sim.results.sensitivity import Index, Sensitivity
from flywheel_sim.results.swings import Bar, Flip, Swings
from flywheel_sim.results.words import number
from flywheel_sim.scenario import load
from flywheel_sim.scenario.bibliography import bibliography, marks_in
from flywheel_sim.theory import mean_field


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return Outcomes.of(runs(12))


@pytest.fixture(scope="module")
def page(outcomes: Outcomes) -> str:
    return render(outcomes)


def test_the_report_is_the_same_file_every_time(tmp_path: Path) -> None:
    first = write_report(Outcomes.of(runs(5)), tmp_path / "a.html").read_bytes()
    assert first == write_report(Outcomes.of(runs(5)), tmp_path / "b.html").read_bytes()
    assert len(first) < 1_000_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_a_saved_comparison_makes_the_same_report(outcomes: Outcomes, page: str, tmp_path: Path) -> None:
    assert render(Outcomes.open(outcomes.save(tmp_path / "x"))) == page


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    links = Links(page)
    assert all(link.startswith(("#", "data:")) for link in links.found)
    assert not {"script", "link", "iframe", "object", "embed", "img"} & set(links.tags)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert "url(http" not in page
    assert "@import" not in page


@pytest.mark.parametrize("name", ["b2b-saas", "b2c-subscription"])
def test_every_source_mark_is_a_link_to_its_full_reference_on_the_page(name: str) -> None:
    text = render(run(load(name).with_({"market.accounts": 200, "market.initial_customers": 20, "horizon_weeks": 4})))
    body, listed = text[text.index("<body>") :].split('<section class="panel wide long detail" id="sources">')
    linked = set(re.findall(r'<a href="#source-(\w+)">\1</a>', body))
    assert len(linked) > 10 and {mark[0] for mark in linked} == {"S", "A"}
    bare = re.sub(r"<(style|svg).*?</\1>|<a .*?</a>|<[^>]*>", " ", body, flags=re.S)
    assert set(marks_in(bare)) <= {"000", "001", "002", "003", "004"}, "a mark that leads nowhere"
    assert set(re.findall(r'<dt id="source-(\w+)">', listed)) == linked
    for mark in linked:
        for reference in bibliography()[mark].references:
            assert str(escape(reference)) in listed
    links = Links(text)
    assert all(link.startswith("#") for link in links.found)


def test_ids_are_unique_and_every_reference_resolves(page: str) -> None:
    links = Links(page)
    assert len(links.ids) == len(set(links.ids))
    used = set(re.findall(r"url\(#([^)]+)\)", page)) | {link[1:] for link in links.found if link.startswith("#")}
    assert used
    assert used <= set(links.ids)


def test_every_chart_has_words_for_those_who_cannot_see_it(page: str) -> None:
    said = re.findall(r'<svg role="img" aria-label="([^"]{20,})"', page)
    assert len(said) == page.count("<svg")
    assert any("Shared relationship pay" in words and "break-even" in words for words in said)


def test_the_verdict_comes_first_and_the_command_last(outcomes: Outcomes, page: str) -> None:
    order = [
        "<h1>", outcomes.verdict.sentence, "Chance it is better", "Cumulative value", "Where the teams point",
        "What differs between the scenarios", "vectors.coupling.fixed", "What the result rests on", "How sure are we?",
        outcomes.provenance.engine,
    ]  # fmt: skip
    body = page[page.index("<body>") :]
    places = [body.index(words) for words in order]
    assert places == sorted(places)


def test_words_of_a_scenario_cannot_break_the_page() -> None:
    nasty = '<script>alert("x")</script> & <b>'
    text = render(run(company(title=nasty, question=nasty)))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_one_run_and_one_scenario_have_reports_of_their_own(outcomes: Outcomes) -> None:
    one = render(run(company()))
    assert "One run is one possible history" in one
    assert "Chance it is better" not in one
    many = render(Outcomes.of(runs(4)[:1]))
    assert "4 runs" in many
    assert "What differs" not in many


def test_a_report_survives_a_company_without_teams_scores_and_money() -> None:
    bare = company(teams={}, journey={"touchpoints": {}}, horizon_weeks=3)
    made = run(bare)
    made.arrays.weekly[:] = np.nan
    text = render(made)
    assert "Where the teams point" not in text
    assert "not known" in text


def test_a_failed_write_leaves_the_old_report(
    outcomes: Outcomes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    target = tmp_path / "r.html"
    target.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_report(outcomes, target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_figures_are_well_formed_and_named(outcomes: Outcomes) -> None:
    figures = [
        fan_chart(outcomes, "value", unit="$", mark_week=30),
        fan_chart(outcomes, "customers"),
        difference_chart(outcomes, 1),
        score_chart(outcomes),
        compass_chart(outcomes),
    ]
    for figure in figures:
        svg = to_svg(figure, "name", 'say "so" & <more>')
        assert svg == to_svg(figure, "name", 'say "so" & <more>')
        root = ET.fromstring(svg)
        assert root.attrib["aria-label"] == 'say "so" & <more>'
        assert "<metadata" not in svg
    text = to_svg(figures[0], "a", "words")
    assert "Shared" in text
    assert "Silo pay" in text
    assert "break-even, week 30" in text


def test_a_figure_can_be_a_png(outcomes: Outcomes, tmp_path: Path) -> None:
    data = save_png(fan_chart(outcomes, "customers"), tmp_path / "x.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert data == save_png(fan_chart(outcomes, "customers"), tmp_path / "y.png").read_bytes()


def test_no_figure_touches_pyplot() -> None:
    import subprocess
    import sys

    code = "import sys, flywheel_sim.present.report; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_side_of_the_compass_is_square_to_the_need(outcomes: Outcomes) -> None:
    paths = [one for one in outcomes.teams if one is not None]
    side = side_of(paths)
    assert abs(float(side.direction @ paths[0].need[0])) < 1e-9
    assert np.linalg.norm(side.direction) == pytest.approx(1.0)
    assert side.right == "acquire"
    assert moments(104) == (1, 52, 104)


def test_angles_in_the_compass_are_angles_to_the_need(outcomes: Outcomes) -> None:
    one = run(company())
    alone = Outcomes.of([[one]]).teams[0]
    assert alone is not None
    assert one.arrays.teams is not None
    cosine = one.arrays.teams[-1, 2, 1:] @ alone.need[-1]
    assert alone.angle[-1, 2, 1] == pytest.approx(np.degrees(np.arccos(cosine)))
    assert np.linalg.norm(alone.need, axis=1) == pytest.approx(np.ones(104))


def test_labels_are_moved_apart_and_keep_their_order() -> None:
    places = apart([0.9, 0.91, 0.2], [0.2, 0.2, 0.2])
    assert places[1] - places[0] == pytest.approx(0.2)
    assert places[1] <= 0.9 + 1e-9
    assert places[2] == pytest.approx(0.2)


def test_the_schema_vouches_for_its_own_defaults_only() -> None:
    base = company()
    rows = {row.path: row for row in key_assumptions([base])}
    assert rows["market.churn.mean"].evidence == "second-hand source"
    assert rows["market.churn.mean"].source == "S24"
    other = base.with_({"market.churn.mean": 0.3})
    assert {row.path: row for row in key_assumptions([other])}["market.churn.mean"].evidence == "set by the scenario"
    assert tally(base).total == tally(other).total
    assert tally(other).sourced == tally(base).sourced - 1
    assert "cadence.pull" not in rows
    assert "cadence.pull" in {row.path for row in key_assumptions([shared()])}


def test_comments_of_the_files_vouch_for_values_that_are_no_defaults(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\nextends: b2b-saas\nmarket:\n  external: 0.002 # per week (V: S24)\n  price: 1.2\n"
        "segments:\n  small: {spend: 15000, share: 0.6} # asked, a\n"
    )
    mine = load(path)
    rows = {row.path: row for row in key_assumptions([mine])}
    assert (rows["market.external"].evidence, rows["market.external"].source) == ("source seen", "S24")
    assert rows["segments.small.spend"].evidence == "assumption"
    assert "market.price" not in mine.marks
    other = mine.with_({"market.external": 0.003})
    assert {row.path: row for row in key_assumptions([other])}["market.external"].evidence == "set by the scenario"
    kept = unpack(pack(mine))
    path.unlink()
    assert dict(kept.marks) == dict(mine.marks)
    assert "market.external" not in kept.with_({"market.external": 0.003}).marks
    assert kept.with_({"market.external": 0.003}).marks["market.accounts"] == ("a", "")


def test_changed_parameters_show_both_values() -> None:
    rows = {row.path: row for row in changed([company(), shared()])}
    assert rows["vectors.coupling.fixed"].values == ("0.5", "8")
    assert rows["cadence.enabled"].values == ("no", "yes")
    closes = {"gradient": {"acquire": 1.0}, "target": 1.0}
    paid = {"pay": {"sales": {"on": {"closes": 1.0}}}, "measures": {"closes": closes}}
    mixed = changed([company(), company(incentives=paid)])
    assert [(row.path, row.values, row.text) for row in mixed if row.path.endswith(".on")] == [
        ("incentives.pay.sales.on", ("\N{EM DASH}", "closes 1"), "Paid on (sales)")
    ]
    assert rows["cadence.enabled"].text == "Cross-team meetings"


def test_tables_name_what_they_show(outcomes: Outcomes) -> None:
    import io

    from rich.console import Console

    buffer = io.StringIO()
    console = Console(width=180, file=buffer)
    console.print(comparison_table(outcomes, detail=True))
    console.print(summary_table(runs(3)[0]))
    text = buffer.getvalue()
    assert "Silo pay" in text
    assert "baseline" in text
    assert "better, of 100 paired runs" in text
    assert "80 % of runs" in text


def test_the_table_is_short_unless_details_are_asked_for(outcomes: Outcomes) -> None:
    import io

    from rich.console import Console

    def lines(detail: bool) -> list[str]:
        buffer = io.StringIO()
        Console(width=120, file=buffer).print(comparison_table(outcomes, detail=detail))
        return [line for line in buffer.getvalue().splitlines() if line.strip()]

    short, long = lines(False), lines(True)
    assert len(short) <= 12
    assert len(long) > len(short) + 5
    assert not any("p value" in line or "pairing" in line for line in short)
    assert [line for line in long if line.startswith("p value of no difference")]


def whole() -> Outcomes:
    """Outcomes with everything a report can show."""
    luck = np.random.default_rng(1)
    made = Outcomes.of(runs(12))
    names = tuple(made.scenarios[0].model.teams)
    teams = tuple(luck.gamma(2.0, 1.0, (4, len(names), len(TEAM_MEASURES))) for _ in made.scenarios)
    segments = tuple(luck.random((4, 1, len(SEGMENT_MEASURES))) for _ in made.scenarios)
    count = len(made.scenarios)
    bars = (
        Bar("word_of_mouth.rate", "Strength of one voice", "1/week", 0.004, 0.002, 0.006, -3e5, 9e5),
        Bar("ledger.discount_rate", "Yearly discount rate", "1/year", 0.1, 0.05, 0.15, 5e5, 3e5),
    )
    flip = Flip("word_of_mouth.rate", "Strength of one voice", "1/week", 0.004, 0.0025)
    return replace(
        made,
        groups=Groups((names,) * count, (("smb",),) * count, teams, segments, 4),
        swings=Swings(made.labels[0], made.labels[made.best], 4e5, bars, flip, (0.5, 1.5), 4),
    )


def test_the_sections_of_a_whole_report_stand_in_order(tmp_path: Path) -> None:
    made = whole()
    page = render(made)
    body = page[page.index("<body>") :]
    order = [
        "<h1>", made.verdict.sentence, "It flips where one assumption goes below 0.0025 1/week", "Chance it is better",
        "Cumulative value", "<h2>Customers", "What could change", "Where the teams point", "Who gains and who loses",
        "The numbers", "Net promoter score", "<h2>Relationship", "Do the teams pull", "What differs",
        "What the result rests on", "How sure are we?", "Limits with a closed form", "Made again by",
    ]  # fmt: skip
    places = [body.index(words) for words in order]
    assert places == sorted(places)
    assert len(page) < 1_000_000
    links = Links(page)
    assert len(links.ids) == len(set(links.ids))
    assert render(Outcomes.open(made.save(tmp_path / "x"))) == page
    assert "\N{WHITE CIRCLE} Silo pay" in body


def test_assumptions_that_move_the_difference_stand_first() -> None:
    body = render(whole())
    rests = body[body.index("What the result rests on") : body.index("How sure are we?")]
    first = [re.findall(r"<code>([\w.]+)</code>", table)[0] for table in rests.split("<table")[1:]]
    assert first[:2] == ["word_of_mouth.rate", "ledger.discount_rate"]
    listed = re.findall(r"<code>([\w.-]+)</code>", rests)
    assert set(listed) == {row.path for row in key_assumptions(whole().scenarios)}  # all of them, folded or not
    assert "cadence.pull" in listed and len(listed) == len(set(listed)) > 24
    assert "those first that move the difference most" in rests


@pytest.mark.slow
def test_on_paper_it_is_two_pages_at_most(tmp_path: Path) -> None:
    import shutil
    import subprocess

    browser = shutil.which("chromium") or shutil.which("google-chrome") or pytest.skip("no Chromium")
    write_report(whole(), tmp_path / "r.html")
    paper = tmp_path / "r.pdf"
    words = ["--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={paper}", f"file://{tmp_path / 'r.html'}"]
    subprocess.run([browser, *words], check=True, capture_output=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) <= 2


def test_what_was_not_looked_for_is_said_and_not_drawn(page: str) -> None:
    assert "Not yet tested: what would reverse this result." in page
    assert "Who gains and who loses" not in page
    assert "What could change the verdict" not in page


def test_the_command_of_a_report_makes_the_report_again() -> None:
    pair = [load(name) for name in ("siloed-close-rate", "relationship-flywheel")]
    made = replace(Outcomes.of([[run(one, 1, k) for k in range(2)] for one in pair]), swings=whole().swings)
    assert "--swings --seed 1 --report report.html" in render(made)


def test_patterns_tell_what_the_base_case_met_and_missed() -> None:
    base = load("siloed-close-rate")
    rows = patterns(base)
    assert len(rows) == len(base.model.frozen.targets)
    assert all(row.met for row in rows)
    target = next(iter(base.model.frozen.targets))
    frozen = base.resolved()["frozen"]
    frozen["targets"][target]["achieved"] = 1e6
    missed = load({**base.resolved(), "frozen": frozen})
    assert [row.met for row in patterns(missed)].count(False) == 1
    assert "missed: do not use it for this" in render(run(missed))
    assert patterns(company()) == []
    assert "was not calibrated to anything" in render(run(company()))


def test_limits_are_listed_by_number() -> None:
    numbers = [int(number[1:]) for number, _ in limits()]
    assert numbers == sorted(numbers)
    assert ("A21", "Waiting for service") in limits()


def test_a_study_adds_its_tornado() -> None:
    shape = (2, 1)
    index = Index(np.full(shape, 0.4), np.full(shape, 0.3), np.full(shape, 0.5))
    found = Sensitivity(
        "sobol", ("market.price", "market.external"), ("npv (difference)",), (64,), (0,),
        {"first": index, "total": index}, None, np.array([1e6]), np.array([2e5]),
        np.array([[[8e5, 1.2e6]], [[9e5, 1.1e6]]]),
    )  # fmt: skip
    page = render(Outcomes.of(runs(4)), sensitivity=found)
    assert "What matters when everything is uncertain at once" in page
    assert plain_label("market.price") in page and plain_label("market.external") in page


def test_the_mean_field_is_drawn_beside_the_customers_of_one_scenario():
    scenario = company()
    page = render(run(scenario))
    end = mean_field(scenario, step=1).customers[-1]
    assert f"by the mean field: {number(float(end))}." in page and ">mean field<" in page
    assert "mean field" not in render(run(scenario.with_({"market.enabled": False})))
