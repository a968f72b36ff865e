"""The docs say what the sources say, and their snippets run."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_mechanisms_page_is_made_from_the_sources():
    spec = importlib.util.spec_from_file_location("make_mechanisms", ROOT / "docs" / "make_mechanisms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TARGET.read_text("utf-8") == module.page(), "run: python docs/make_mechanisms.py"


def test_the_scenario_reference_is_made_from_the_schema_and_leaves_nothing_out():
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(), "run: python docs/make_reference.py"
    from flywheel_sim.scenario.schema import ScenarioModel
    from flywheel_sim.scenario.shapes import along, every_path, root

    leaves = {p for p in every_path(ScenarioModel) if (found := along(root(ScenarioModel), p)) and found.field}
    leaves = {p for p in leaves if along(root(ScenarioModel), p).block is None}
    shown = set(re.findall(r"^\| `([\w.<>]+)` \|", text, flags=re.M))
    assert {".".join(p) for p in leaves} - {"teams", "segments"} == shown


def test_the_table_of_mechanisms_has_all_and_its_files_exist():
    from flywheel_sim.scenario.schema import MECHANISMS

    text = (ROOT / "docs" / "mechanisms.md").read_text("utf-8")
    rows = re.findall(r"^\| \[(M\d+)\]\(#m\d+\) \| .* \| `(.*)` \| (.*) \| (.*) \|$", text, flags=re.M)
    assert [row[0] for row in rows] == list(MECHANISMS)
    for _, module, _, _ in rows:
        assert (ROOT / "flywheel_sim/engine/mechanisms" / module).exists()
        assert (ROOT / "flywheel_sim/scenario/blocks" / module).exists()
        assert (ROOT / "tests/mechanisms" / f"test_{module}").exists()
    served = " ".join(row[2] for row in rows).split()
    from flywheel_sim.study.claims.table import claim_table

    assert set(claim_table()) <= set(served), "no claim is without a mechanism"


def test_tables_of_the_odd_are_made_from_the_sources():
    spec = importlib.util.spec_from_file_location("make_odd", ROOT / "docs" / "make_odd.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(text), "run: python docs/make_odd.py"
    assert re.findall(r"^## (\d)\.", text, flags=re.M) == list("1234567"), "all seven elements"
    assert not re.findall(r"^\| `(\w+)` .*\|\s*\|$", text, flags=re.M), "every row of a table has a meaning"


def test_the_page_of_verification_is_made_from_the_limits():
    spec = importlib.util.spec_from_file_location("make_verification", ROOT / "docs" / "make_verification.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(), "run: python docs/make_verification.py"
    from flywheel_sim import theory

    assert [name for name in theory.ANCHORS if not re.search(rf"^\| {name}(-[a-z]+)? \|", text, flags=re.M)] == []
    for path in re.findall(r"`(tests/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_the_page_of_claims_is_made_from_what_was_measured():
    spec = importlib.util.spec_from_file_location("make_claims", ROOT / "docs" / "make_claims.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(text), "run: python docs/make_claims.py"
    from flywheel_sim.results.claims import VERDICTS
    from flywheel_sim.study.claims.table import claim_table

    data = module.answer()["data"]
    measured = {trial["number"]: trial for trial in data["claims"]}
    assert list(measured) == list(claim_table()), "measured before a claim was added: measure again"
    for number, claim in claim_table().items():
        (line,) = re.findall(rf"^\| {number} \| .*\|$", text.split("## The same over worlds")[0], flags=re.M)
        trial = measured[number]
        assert trial["claim"] == claim.claim and trial["verdict"] in VERDICTS and trial["verdict"] in line
        if not claim.open:
            again = "measured before its experiment changed: measure again"
            assert trial["set"] == dict(claim.effect) and trial["direction"] == claim.direction, again
            assert trial["base"] == claim.base and [x["observed"] for x in trial["seen"]] == list(claim.observe), again
            assert [x["settings"] for x in trial["vanished"]] == [dict(x) for x in claim.vanish], again
    looked_into = {number for number, trial in measured.items() if trial["verdict"] in ("no", "not shown", "fault")}
    assert looked_into <= set(module.NOTES), "no reason is given for these verdicts"
    assert sum(data["counts"].values()) == 78 and data["mode"] == "full"
    assert data["ok"] == ("fault" not in {trial["verdict"] for trial in measured.values()})


def test_the_page_of_responses_is_made_from_what_was_measured():
    spec = importlib.util.spec_from_file_location("make_responses", ROOT / "docs" / "make_responses.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(text), "run: python docs/make_responses.py"
    from flywheel_sim.study.responses.table import COMPANIES, response_table

    measured = {(c.name, c.company, c.outcome, c.year, c.expected.split()[0]) for c in module.curves()}
    declared = {
        (name, company, one.outcome, year, "at" if one.shape == "bounded" else one.shape)
        for name, lever in response_table().items()
        for one in lever.expect
        for company in one.companies
        if company in COMPANIES
        for year in one.years
    }
    assert measured == declared, "measured before a lever was added or changed: measure again"


def test_the_page_of_facts_is_made_from_what_was_measured():
    spec = importlib.util.spec_from_file_location("make_facts", ROOT / "docs" / "make_facts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(text), "run: python docs/make_facts.py"
    from flywheel_sim.study.facts.table import fact_table

    measured = [(one.mark, one.part, one.company, one.role, one.sign) for one in module.measured_facts().facts]
    declared = {
        (mark, part.name, company, fact.role, part.sign)
        for mark, fact in fact_table().items()
        for part in fact.parts
        for company in part.companies
    } | {
        (mark, "", company, fact.role, False)
        for mark, fact in fact_table().items()
        if fact.no_interface
        for company in fact.companies
    }
    assert set(measured) == declared and len(measured) == len(declared), "facts have changed: measure again"
    assert {"b2b-saas", "b2c-subscription"} == set(module.answer()["manifest"]["hashes"]) - {"engine"}


def test_what_is_told_of_the_value_of_information_is_what_was_measured():
    spec = importlib.util.spec_from_file_location("make_information", ROOT / "docs" / "make_information.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(text), "run: python docs/make_information.py"
    answer = module.answer()
    assert {row["worlds"] for row in answer["shares"]} == set(module.KINDS), "measured for other worlds: measure again"
    for row in answer["estimates"]:
        assert row["mean"] < row["true"] + 3 * row["error"] or not row["rho"], "luck must not bias upwards"
        assert row["false"] <= 0.15, "at 5 %, seven or more of 40 have a chance of 1 in 300"


def made_performance():
    spec = importlib.util.spec_from_file_location("make_performance", ROOT / "docs" / "make_performance.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_performance_is_made_from_what_was_measured():
    module = made_performance()
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(text), "run: python docs/make_performance.py"
    assert module.PICTURE.read_text("utf-8") == module.picture(), "run: python docs/make_performance.py"
    ratios = module.answer("bench")["ratios"]
    assert set(ratios) == {bar.key for bar in module.BARS}, "measured before a bar was added: measure again"
    assert set(module.REASONS) <= set(ratios)
    for bar in module.BARS:
        row = bar.row(ratios[bar.key])
        (line,) = re.findall(rf"^\| `{bar.key}` \|.*$", text, flags=re.M)
        assert ("missed by" in line) == (row["met"] is False)
        assert row["met"] is not False or module.REASONS[bar.key], f"no reason is given why {bar.key} is missed"


def test_bytes_on_the_page_are_those_of_a_run():
    from benchmarks.speed import bytes_of, scaled

    from flywheel_sim.engine.run import Simulation

    module, n = made_performance(), 10 * 1024
    told = module.accounts()
    rows = [float(x) for x in re.findall(r"\| ([\d.]+) \|$", told, flags=re.M)]
    (whole,) = (float(x) for x in re.findall(r"\*\*(\d+)\*\*", told))
    state = Simulation([scaled(n, 4).model], [(0, 1, 0)], keep_teams=False).state
    assert whole == round(bytes_of(state) / n) == round(sum(rows))
    named = set(re.findall(r"`(\w+)`", told.split("\n\n")[0]))
    wide = {
        name for name, array in state._asdict().items() if array.nbytes >= n and array.shape[:1] == state.status.shape
    }
    assert wide - {"friend", "edge"} <= named


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/compare.md", "docs/doubt.md", "docs/start.md", "docs/researchers.md", "docs/teachers.md"],
)
def test_python_snippets_run(page, capsys):
    snippets = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), flags=re.S)
    assert snippets
    for snippet in snippets:
        exec(compile(snippet, page, "exec"), {})
    assert capsys.readouterr().out


def test_readme_names_only_scenarios_and_files_that_exist():
    import flywheel_sim as fs

    text = (ROOT / "README.md").read_text("utf-8")
    names = re.findall(r"flywheel (?:run|compare|scenario show) ([a-z][a-z0-9-]*)(?= )", text)
    assert names and not set(names) - set(fs.scenarios()) - {"mine"}
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / link).exists(), link


@pytest.mark.slow
def test_the_number_on_the_first_screen_is_what_the_demo_says():
    import flywheel_sim as fs
    from flywheel_sim.commands.demo import SCENARIOS
    from flywheel_sim.results.words import money

    replicates = 30
    verdict = fs.compare(list(SCENARIOS), replicates=replicates, seed=1, as_assumed=True).verdict
    low, high = (money(value) for value in verdict.interval)
    words = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"**{money(verdict.difference)} more after five years (80 % interval {low} to {high})**" in words
    assert f"{replicates} paired runs of one set of assumptions" in words


def test_version_stands_in_one_place():
    from flywheel_sim import __version__

    assert f"version: {__version__}" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_first_experiment_runs_and_separates_pay_from_rhythm():
    import numpy as np

    spec = importlib.util.spec_from_file_location("pay_or_rhythm", ROOT / "experiments/headline/pay_or_rhythm.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.contrasts(
        {key: np.array([value]) for key, value in zip(module.CELLS, (1.0, 3.0, 11.0, 17.0), strict=True)}
    )
    assert found["pay"][0] == 4.0 and found["rhythm"][0] == 12.0 and found["interaction"][0] == 2.0
    assert set(module.main(replicates=2, seed=1)) == {"pay", "rhythm", "interaction"}


def test_the_second_experiment_tells_what_common_luck_saves():
    import numpy as np

    spec = importlib.util.spec_from_file_location("best_of_eight", ROOT / "experiments/headline/best_of_eight.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    luck = np.random.default_rng(1)
    values = np.arange(8.0)[:, None] * 0.3 + luck.normal(size=100) + 0.3 * luck.normal(size=(8, 100))
    paired, apart = (module.cost(values, 0.2, 20, common=way) for way in (True, False))
    assert apart["mean"] > 3 * paired["mean"] >= 3 * 80 and paired["right"] == 1.0


def test_scenarios_in_the_docs_load():
    import flywheel_sim as fs
    from flywheel_sim.scenario.reading import parse, plain

    snippets = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "scenarios.md").read_text("utf-8"), flags=re.S)
    assert len(snippets) >= 2
    for snippet in snippets:
        assert fs.load(plain(parse(snippet))).model.market.accounts


def test_studies_in_the_docs_read(tmp_path, monkeypatch):
    from flywheel_sim.scenario.reading import parse, plain
    from flywheel_sim.study.design.points import laid
    from flywheel_sim.study.design.study_file import read_study

    page = (ROOT / "docs" / "studies.md").read_text("utf-8")
    (python,) = re.findall(r"```python\n(# mine\.py\n.*?)```", page, flags=re.S)
    (tmp_path / "mine.py").write_text(python, "utf-8")
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```yaml\n(.*?)```", page, flags=re.S)
    assert len(snippets) > 1
    for snippet in snippets:
        assert laid(read_study(plain(parse(snippet)))).runs > 1


def test_the_search_in_the_docs_is_fine():
    pytest.importorskip("cma")
    from flywheel_sim.scenario.reading import parse, plain
    from flywheel_sim.study.design.study_file import read_study
    from flywheel_sim.study.search.optimize import planned

    page = (ROOT / "docs" / "optimize.md").read_text("utf-8")
    whole, averse = (plain(parse(snippet)) for snippet in re.findall(r"```yaml\n(.*?)```", page, flags=re.S))
    plan = planned(read_study(whole))
    assert plan.search == 1200 and plan.draws and plan.again
    more = {"search": whole["search"] | averse.pop("search")}
    assert planned(read_study(whole | averse | more)).again > plan.again


ADAPTERS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "adapters.md").read_text("utf-8"), flags=re.S)


@pytest.mark.parametrize("snippet", ADAPTERS, ids=["mesa", "SALib", "EMA workbench", "Optuna"])
@pytest.mark.filterwarnings("ignore")
def test_other_tools_drive_the_model_as_the_docs_say(snippet, capsys):
    for module in re.findall(r"^(?:import|from) (\w+)", snippet, flags=re.M):
        pytest.importorskip(module)
    # the functions of a snippet look their names up where they were defined
    exec(compile(snippet, "docs/adapters.md", "exec"), {"__name__": "snippet"})
    assert capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")
def test_the_model_stands_in_mesas_own_viewer():
    solara = pytest.importorskip("solara", reason="Mesa's viewer is not installed: see docs/adapters.md")
    spec = importlib.util.spec_from_file_location("solara_viz", ROOT / "docs" / "examples" / "solara_viz.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    company = module.Company(sales_heads=3)
    assert company.spec.get("teams.sales.headcount") == 3
    company.step()
    _, shown = solara.render(module.Compass(company), handle_error=False)
    shown.close()
    _, shown = solara.render(module.Page(), handle_error=False)
    shown.close()


def test_a_sweep_opens_as_the_docs_say(tmp_path, monkeypatch, capsys):
    import flywheel_sim as fs

    small = {"market.accounts": 200, "market.initial_customers": 20, "horizon_weeks": 6}
    study = {"scenario": "b2b-saas", "set": small, "parameters": {"teams.sales.headcount": [4, 8]}, "replicates": 2}
    fs.sweep({**study, "outcomes": ["npv"], "series": ["customers"]}, tmp_path / "mine-runs")
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "studies.md").read_text("utf-8"), flags=re.S)
    opened = 0
    for snippet in (one for one in snippets if not one.startswith("# mine.py")):
        needs = [name for name in ("polars", "duckdb", "xarray") if f"import {name}" in snippet]
        if all(importlib.util.find_spec(name) for name in needs):
            space: dict[str, object] = {}
            exec(compile(snippet, "docs/studies.md", "exec"), space)
            found = space.get("runs", space.get("best", space.get("cube")))
            assert len(found) in (1, 2, 4)
            opened += 1
    assert opened >= 2


def test_more_scenarios_in_the_docs_load():
    import flywheel_sim as fs
    from flywheel_sim.scenario.reading import parse, plain

    for page in ("start.md", "extending.md"):
        for snippet in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), flags=re.S):
            assert fs.load(plain(parse(snippet))).model.teams


def test_pictures_of_layers_and_tick_are_made_from_the_sources():
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "pictures" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    from flywheel_sim.present.drawing import to_svg

    for name, (draw, said) in module.PICTURES.items():
        path = module.HERE / f"{name}.svg"
        assert path.read_text("utf-8") == to_svg(draw(), name, said) + "\n", f"run: python docs/pictures/make.py {name}"
    assert [int(number) for number, _, _ in module.steps()] == list(range(1, 17))
    from test_layers import LAYERS

    assert {name for names, _, _ in module.LAYERS for name in names} == {n for row in LAYERS for n in row} - {
        "cli",
        "__about__",
        "files",
        "importable",
        "typed",
    }


def test_the_site_builds_without_a_warning_and_needs_no_network(tmp_path):
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-d", str(tmp_path / "trees")]
    done = subprocess.run([*command, str(ROOT / "docs"), str(tmp_path / "site")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").glob("*.html"))
    assert {"index.html", "start.html", "extending.html", "mechanisms.html"} <= {page.name for page in pages}
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r'<(?:script|img|iframe)[^>]*\ssrc="(?:https?:)?//', text), page.name
        assert not re.search(r'<link[^>]*\shref="(?:https?:)?//', text), page.name
    for sheet in (tmp_path / "site" / "_static").glob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", sheet.read_text("utf-8")), sheet.name


def test_every_place_the_glossary_names_is_there():
    """A term points to a file of the package, or to a setting, column or number of the summary that exists."""
    from flywheel_sim.results.summary import SUMMARY
    from flywheel_sim.scenario import load
    from flywheel_sim.scenario.columns import NAMES

    company = load("everything-on")
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.count("|") == 4]
    terms = [row[1].strip() for row in rows]
    assert len(rows) > 50 and len(set(terms) - {"term", "---"}) == len(terms) - 2 * text.count("| term |")
    for row in rows:
        for kind, name in re.findall(r"(column|summary)? ?`([\w./*]+)`", row[3]):
            if kind:
                assert name in (NAMES if kind == "column" else SUMMARY), name
            elif "/" in name:
                assert any((ROOT / folder / name).exists() for folder in ("", "flywheel_sim")), name
            elif re.fullmatch(r"[a-z_]+\.[a-z_]+", name) and hasattr(company, name.partition(".")[0]):
                assert company.get(name) is not None, name


def test_the_table_of_plans_and_companies_is_made_by_its_program():
    spec = importlib.util.spec_from_file_location("make_plans", ROOT / "docs" / "make_plans.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.TARGET.read_text("utf-8")
    assert text == module.page(text), "run: python docs/make_plans.py"
    refused = [
        why for company in module.companies() for plan in module.plans() if (why := module.why_not(company, plan))
    ]
    assert not any("\n" in why for why in refused), "one line each"
