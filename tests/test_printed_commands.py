"""Every command that README, the docs and messages print works: run in a folder of its own, with small companies.

What takes minutes, needs a cluster, starts a server or rewrites a shipped file is read to its last word and not run; it
is named in `READ_ONLY` with the reason.  A mention of a command without its arguments must name one that exists, with
options that it has.
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from flywheel_sim.cli import flywheel
from flywheel_sim.commands.next_step import _EXAMPLES
from flywheel_sim.results.worlds import Worlds

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"]
SMALL = {"market.accounts": "200", "market.initial_customers": "20", "horizon_weeks": "6"}
#: What stands for something of the reader's.
STANDS_FOR = {
    "A": "siloed-close-rate", "B": "nps-pay", "C": "revenue-share", "D": "mbo-pay", "SCENARIO": "b2b-saas",
    "DIR": "mine-runs", "SAVED": "saved", "RESULT": "saved", "SWEEP": "two-runs", "PATH": "market.price", "N": "24",
}  # fmt: skip
#: Beginning of a command, or a word in it -> why it is only read.
READ_ONLY = {
    "app": "a server that does not end",
    "bench": "minutes, and other programs closed",
    "scenario freeze": "rewrites a shipped base case, minutes",
    "reproduce baseline": "minutes",
    "optimize heads-under-doubt": "thousands of runs",
    "optimize budget-mix --best": "hundreds of runs",
    "compare mine mine+training-in-support": "needs the reader's own file",
    "compare mine.yaml plan.yaml": "needs the reader's own files",
    "worlds COMPANY": "minutes",
    "claims --worlds": "needs worlds; tried with made-up ones by tests/study/test_claims_over_worlds.py",
    "optimize budget-mix": "hundreds of runs",
    "optimize experiments/hunt/b2b-saas.yaml": "thousands of runs, and a checkout",
    "sensitivity what-moves-the-verdict": "a thousand runs",
    "calibrate hubspot": "a minute",
    "calibrate limits/a03-sbg-regular": "a minute",
    "calibrate mine.yaml --method posterior": "a minute",
    "verify --full": "ten times the runs",
    "tcp://": "needs a cluster",
    "scheduler.json": "needs a cluster",
    "$words": "a variable of a shell script",
    **dict.fromkeys(
        (
            "scenario new mine --extends b2c-subscription --from customers.csv",
            "scenario new mine --from customers.csv",
            "scenario new school",
            "scenario validate school.yaml",
            "calibrate school.yaml",
            "compare mine-fitted",
            "compare school-fitted",
            "resume mine-fitted.known",
            "resume school-fitted.known",
        ),
        "needs the reader's own files; run as printed, in its order, by tests/study/test_your_company.py",
    ),
}
NEEDED = ("tcp://", "scheduler.json")
#: More words for commands that would do everything they know.
ONE = {"verify": ["A5"], "claims": ["C37"], "responses": ["price"], "facts": ["S30"]}


def printed(text: str) -> Iterator[tuple[bool, str]]:
    """Commands of a page, and whether each is a line to type, or a mention in a sentence."""
    blocks = re.compile(r"^```[^\n]*\n(.*?)^```", flags=re.S | re.M)
    rest = blocks.sub("", text)
    for block in (*blocks.findall(text), "\n".join(line for line in rest.splitlines() if line.startswith("    "))):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            if found := re.match(r"\s*(?:\$ )?flywheel (.*)", line):
                yield True, found[1]
    for found in re.findall(r"`flywheel\s([^`]*)`", rest):
        yield False, " ".join(found.split())


def collected() -> dict[tuple[str, ...], tuple[bool, str]]:
    """Words after ``flywheel`` -> whether they are a line to type anywhere, and a page they are on."""
    found: dict[tuple[str, ...], tuple[bool, str]] = {}
    for page in PAGES:
        for line, words in printed(page.read_text("utf-8")):
            key = tuple(shlex.split(words, comments=True))
            found[key] = line or found.get(key, (False, ""))[0], page.name
    return found


COMMANDS = collected()


def read(words: list[str]) -> click.Context:
    """What click makes of a command, without running it."""
    context, command = click.Context(flywheel, info_name="flywheel"), flywheel
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, list(words))
        context = command.make_context(name, list(words), context) if not isinstance(command, click.Group) else context
    return context


def options(words: list[str]) -> set[str]:
    """Options of the command that words begin with."""
    context, command = click.Context(flywheel, info_name="flywheel"), flywheel
    while isinstance(command, click.Group) and words:
        _, command, words = command.resolve_command(context, list(words))
    return {name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)}


def read_only(words: list[str]) -> bool:
    """Whether a command is only read: it begins as one that is, or needs what is not here."""
    line = " ".join(words)
    return any(f"{line} ".startswith(f"{key} ") or (key in NEEDED and key in line) for key in READ_ONLY)


def small(words: list[str]) -> list[str]:
    """The same, in seconds."""
    words = ["8" if before == "--worlds" else word for before, word in zip(["", *words], words, strict=False)]
    name, more = words[0], []
    if name in ("run", "compare", "demo") or (name == "sweep" and "mine.yaml" not in words):
        if "--worlds-from" not in words:
            given = {word.partition("=")[0] for word in words} | ({"horizon_weeks"} if "--horizon" in words else set())
            more += [f"--set={path}={value}" for path, value in SMALL.items() if path not in given]
        else:
            more += ["--set=horizon_weeks=6"]
    if name == "compare" and {"--best", "--precision"} & set(words):
        more += ["--replicates", "10", "--limit", "12"]
    elif name in ("compare", "demo", "claims") and not {"--replicates", "--worlds"} & set(words):
        more += ["--replicates", "2" if "--full" in words or name == "claims" else "4"]
    if name in ("calibrate", "sweep") and "--replicates" not in words and "--check" not in words:
        more += ["--replicates", "1" if name == "sweep" else "2"]
    if name in ("facts", "worlds"):
        more += ["--draws", "1" if name == "facts" else "24"]
    if name in ("responses", "facts"):
        more += ["--replicates", "2", "--set=market.accounts=200", "--set=market.initial_customers=20"]
        more += [] if "--company" in words else ["--company", "b2b-saas"]
    context = read(words)
    arguments = [one.name for one in context.command.params if isinstance(one, click.Argument)]
    everything = not any(context.params[one] for one in arguments)
    return [*words, *(ONE.get(name, []) if everything else []), *more]


def call(words: list[str]) -> Result:
    return CliRunner().invoke(flywheel, words)


STUDY = """
version: 1
scenario: {scenario}
set: {{market.accounts: 200, market.initial_customers: 20, horizon_weeks: 60}}
parameters: {{teams.sales.headcount: {heads}, word_of_mouth.rate: {{range: [0.002, 0.02], scale: log}}}}
outcomes: [npv, churn_annual]
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the pages take for granted."""

    import flywheel_sim as fs
    from flywheel_sim.study.calibration.fitting import Fitting

    desk = tmp_path_factory.mktemp("desk")
    study = STUDY.format(scenario="b2b-saas", heads="{range: [2, 8]}")
    (desk / "study.yaml").write_text(study + "design: {kind: sobol, points: 8}\n")
    (desk / "two.yaml").write_text(
        study.replace("scenario: b2b-saas", "scenarios: [siloed-close-rate, nps-pay]")
        + "design: {kind: sobol, points: 8}\n"
    )
    (desk / "search.yaml").write_text(
        re.sub(r", word_of_mouth.rate: .*}}", "}", study)
        + "search: {objectives: {npv: maximise}, budget: 40, fresh: 4, shortlist: 2, draws: 10}\n"
    )
    for name in ("best", "other", "today", "plan-a", "plan-b"):
        (desk / f"{name}.yaml").write_text(f"extends: b2b-saas\nteams: {{sales: {{headcount: {len(name)}}}}}\n")
    (desk / "scenario.yaml").write_text(
        "extends: b2b-saas\nhorizon_weeks: 104\nmarket: {accounts: 400, initial_customers: 60}\n"
        "observed:\n  file: mine.csv\n  date: day\n  start: 2020-01-01\n"
        "  series:\n    customers: {column: customers, quantity: customers}\n"
        "  fit:\n    talk: {path: word_of_mouth.rate, low: 0.001, high: 0.05}\n"
    )
    rows = [f"20{20 + k // 4}-{1 + 3 * (k % 4):02d}-01,{60 + 3 * k}" for k in range(8)]
    (desk / "mine.csv").write_text("\n".join(["day,customers", *rows]) + "\n")
    for name in ("mine-posterior", "fit-posterior"):
        (desk / name).mkdir()
        (desk / name / "calibrated.yaml").write_text(
            "extends: b2b-saas\nmarket: {accounts: 200, initial_customers: 20}\n"
        )
        Worlds.of_values("b2b-saas", {"word_of_mouth.rate": np.linspace(0.003, 0.01, 200)}).save(
            desk / name / "worlds.json"
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        fs.sweep("study.yaml", "mine-runs")
        fs.sweep("study.yaml", "heads-and-talk-runs")
        fs.sweep("two.yaml", "two-runs")
        fs.optimize("search.yaml", "mine-search")
        for name in ("my.yaml", "mine.yaml"):
            shutil.copy("scenario.yaml", name)
        tiny = [fs.load(name).with_({k: int(v) for k, v in SMALL.items()}) for name in ("siloed-close-rate", "nps-pay")]
        fs.compare(tiny, replicates=4).save("saved")
        runs, made = Fitting.runs, []

        def interrupted(self: Fitting, points: list) -> list:
            if made:
                raise KeyboardInterrupt
            made.append(len(points))
            return runs(self, points)

        patch.setattr(Fitting, "runs", interrupted)
        assert call(["calibrate", "mine.yaml", "--replicates", "2"]).exit_code == 130
    return desk


@pytest.fixture
def here(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(desk, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def laid_out(words: list[str]) -> None:
    """The desk as the command expects it: what it makes is not there yet, and mine.yaml is of its kind."""
    name = words[0]
    kind = {"sweep": "study.yaml", "sensitivity": "study.yaml", "optimize": "search.yaml"}.get(name, "scenario.yaml")
    shutil.copy(kind, "mine.yaml")
    if words[:2] == ["scenario", "new"]:
        Path("mine.yaml").unlink()
    if name == "sweep":
        for folder in ("mine-runs", "heads-and-talk-runs"):
            shutil.rmtree(folder)
    if name == "optimize":
        shutil.rmtree("mine-search")
        if "--best" in words:
            Path("best.yaml").unlink()
    if name == "calibrate":
        shutil.rmtree("mine-fitted.fit")


def works(words: list[str], *, further: bool = True) -> None:
    """Run a command, or read it where it is only read, and then what it says should be typed next."""
    words = [STANDS_FOR.get(word, word) for word in words]
    if read_only(words):
        assert read(words) is not None
        return
    done = call(small(words))
    fine = (
        (0, 1)
        if {"--best", "--precision"} & set(words)
        or words[0] in ("calibrate", "claims", "responses")
        or words[-1].endswith(".fit")
        else (0,)
    )
    assert done.exit_code in fine, f"{shlex.join(words)}: {done.output[-600:]}"
    for hint in re.findall(r"(?:with|says|try): flywheel ([^\n]+?)(?:, or .*)?$", done.output, flags=re.M):
        assert further
        if hint.startswith("worlds "):  # minutes for a whole company; those of a small one are made above, as typed
            assert read(shlex.split(hint)) is not None
        else:
            works(shlex.split(hint), further=False)


def slow_ones(words: tuple[str, ...]) -> object:
    slow = words[:2] == ("verify", "A21") or "--full" in words
    return pytest.param(words, id=" ".join(words), marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize("words", [slow_ones(words) for words, (line, _) in COMMANDS.items() if line])
def test_a_printed_command_works(words: tuple[str, ...], here: Path) -> None:
    if "$words" in words:
        return
    laid_out(list(words))
    works(list(words))


@pytest.mark.parametrize("words", [words for words, (line, _) in COMMANDS.items() if not line], ids=" ".join)
def test_a_command_in_a_sentence_works_or_names_what_there_is(words: tuple[str, ...], here: Path) -> None:
    if "|" in words:  # several names
        above = list(words[:1]) if words[0] == "scenario" else []
        for name in words[len(above) :: 2]:
            assert options([*above, name])
        return
    filled = [STANDS_FOR.get(word, word) for word in words]
    try:
        read(filled)
    except click.UsageError as error:
        assert re.search("Missing argument|requires an argument", error.format_message()), error.format_message()
        assert {word for word in words if word.startswith("--")} <= options(filled)
        return
    except click.exceptions.Exit:  # --help
        return
    laid_out(filled)
    works(filled)


@pytest.mark.parametrize("command", _EXAMPLES, ids=lambda name: name or "flywheel")
def test_the_example_after_a_mistake_works(command: str, here: Path) -> None:
    for name in ("saved", "heads-and-talk-runs"):
        shutil.rmtree(name)
    for words in _EXAMPLES[command].split(", then "):
        works(shlex.split(words)[1:])


def test_what_is_only_read_is_printed_somewhere() -> None:
    lines = [" ".join(words) for words in COMMANDS] + [one.removeprefix("flywheel ") for one in _EXAMPLES.values()]
    assert [key for key in READ_ONLY if not any(key in line for line in lines)] == []
    assert len(COMMANDS) > 90 and sum(line for line, _ in COMMANDS.values()) > 50
