"""Command lines with mistakes, on a company so small that a sound one takes no time.

In a line, what stands before the bar is never left out or replaced, only misspelt: without it the command would be
sound and go on for minutes, which is no fault.
"""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from flywheel_sim.cli import flywheel

#: Lines that work in the folder that `lay` makes.
LINES = (
    "| run tiny.yaml", "| run tiny.yaml --seed 3 --replicates 2 --json", "| run tiny.yaml --set market.price=1.1",
    "| run tiny.yaml --out there --quiet", "| run tiny.yaml --replicates 3 --report there.html",
    "| run tiny.yaml --worlds 4 --worlds-from tiny-worlds", "| run tiny.yaml --intervention mine:Twice",
    "| compare tiny.yaml other.yaml --replicates 2", "| compare tiny.yaml other.yaml --horizon 3 --detail --json",
    "| compare tiny.yaml other.yaml --best --budget 60 --indifference 1k --as-assumed",
    "| compare tiny.yaml other.yaml --precision 0.1m --limit 20 --replicates 10 --as-assumed",
    "| compare tiny.yaml other.yaml --bridge --as-assumed --replicates 2",
    "| compare tiny.yaml --funnel-twin --keep savings",
    "| compare tiny.yaml other.yaml --bonus-neutral --replicates 2 --report there.html", "| scenario show tiny.yaml",
    "| scenario show tiny.yaml --full --set cadence.pull=0.3", "| scenario list --kind scheme",
    "| scenario validate tiny.yaml other.yaml", "| scenario diff tiny.yaml nps-pay",
    "| scenario schema --out there.json", "| scenario new mine --extends tiny.yaml",
    "| scenario new mine --extends tiny.yaml --from customers.csv --dates day-first --decimal . --fee-per month",
    "| scenario freeze tiny.yaml --check --replicates 2", "| explain M12", "| explain S11 --json",
    "| explain market.price --out there.txt", "| completion bash", "| sweep study.yaml --check",
    "| sweep study.yaml --out there --workers 1", "| sweep study.yaml --on-error stop --seed 5", "| status sweep",
    "| resume sweep --retry-failed", "| status nowhere", "| resume nowhere",
    "| sensitivity morris.yaml --outcome npv --out there", "| sensitivity sweep --json",
    "| optimize search.yaml --check", "| optimize search.yaml --best there.yaml --out there",
    "| report run --out there.html", "| report comparison --sensitivity sweep", "| reproduce run",
    "| reproduce comparison --json", "| reproduce sweep", "| calibrate fit.yaml data.csv --until 2020-01-20",
    "| calibrate fit.yaml data.csv --out there.yaml --figure there.svg",
    "calibrate fit.yaml | data.csv --method posterior --trials 50 --out there",
    "worlds tiny.yaml --draws=4 | --keep 2 --out there --set cadence.pull=0.3",
    "demo --as-assumed --set=horizon_weeks=2 | --replicates 2 --detail", "claims C1 --quick | --replicates 2 --detail",
    "claims C999 | C41 --json", "verify A1 | --replicates 2 --set market.accounts=500", "verify A99 | --full",
    "facts S16 --draws=0 --company=b2c-subscription | --replicates 2 --json", "facts S999 | --draws 5",
    "responses no-lever | --quick --company b2b-saas --all", "bench --sweep=8 | --quick --workers 1 --figure there.svg",
    "| app --port 8420 --no-browser",
)  # fmt: skip
#: What is written where another word stood.
WORDS = (
    "", " ", "-", "--", "--json", "--out", "--set", "=", "a=b=c", "market.price=", "market.price=nan",
    "market.price=1e999", "market.price={", "teams.x\x1b[0m=1", "\u2212 5", "\N{PILE OF POO}", "0", "-1", "1e9", "1,5",
    "10%", "x" * 300, "/dev/null", "../..", "tiny.yaml", "data.csv", ".", "~", "~nobody", "[bold]", "$HOME", "*",
    "--seed=-1", "--replicates=0", "--seed=1.9", "--workers=0", "--unknown", "-h", "--help", "--version",
    "--set=horizon_weeks=1", "--set=horizon_weeks=0", "--report=x.pdf", "\udcff", "run", "sweep", "comparison", "2",
    "999999999999", "1e308", "0x1F", "nan", "$1", "1.000,5", "9" * 400, "C1", "M12", "npv", "there", "there/../run",
    "study.yaml", "tiny.yaml+churn-pay", "tiny+nowhere", "tiny.yaml:sales", "npv=1", "\n", "\ufeff", "2020-13-01",
)  # fmt: skip
SETTINGS = ("market.price", "cadence.pull", "horizon_weeks", "teams.sales.headcount", "title", "ledger.opening_cash",
            "incentives.pay", "teams", "timeline.events", "observed.fit", "doubt.structure",
            "no.such.thing")  # fmt: skip
#: Options with which a sound command takes its time.
LONG = {"--full", "--swings", "--on", "--in-place"}
FILES = {
    "tiny.yaml": "extends: b2b-two-teams\nmarket: {accounts: 60, initial_customers: 10}\nhorizon_weeks: 2\n",
    "other.yaml": "extends: tiny.yaml\ncadence: {enabled: true, pull: 0.3}\n"
    "incentives: {pay: {all: {on: {nps: 1.0}}}}\n",
    "study.yaml": "scenario: tiny.yaml\nparameters: {market.price: [1.0, 1.1]}\nreplicates: 2\n",
    "morris.yaml": "scenario: tiny.yaml\ndesign: {kind: morris, points: 4}\noutcomes: [npv]\n"
    "parameters: {market.price: {range: [0.9, 1.1]}, cadence.pull: {range: [0.1, 0.3]}}\nreplicates: 2\n",
    "search.yaml": "scenario: tiny.yaml\nparameters: {market.price: {range: [0.9, 1.1]}}\noutcomes: [npv]\n"
    "replicates: 2\nsearch: {objectives: {npv: maximise}, budget: 40, fresh: 4}\n",
    "data.csv": "date,customers\n2020-01-06,10\n2020-01-13,11\n2020-01-20,12\n2020-01-27,12\n",
    "fit.yaml": "extends: tiny.yaml\nhorizon_weeks: 5\nobserved:\n  file: data.csv\n  start: 2020-01-06\n  date: date\n"
    "  series:\n    customers: {column: customers, quantity: customers, error: 0.02}\n"
    "  fit: {churn: {path: market.churn.mean, low: 0.02, high: 0.5}}\n",
    "customers.csv": "Joined,Left,Fee\n03/04/2023,,10\n05/04/2023,01/03/2024,12.5\n06/06/2023,,9\n",
    "mine.py": "class Twice:\n    def step(self, model):\n        pass\n",
}


def lay(folder: Path, results: Sequence[Path] = ()) -> None:
    """Write what the lines name into an empty folder, with saved results beside it."""
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    for path in results:
        shutil.copytree(path, folder / path.name)


def mutated(luck: random.Random, words: Sequence[str] = WORDS) -> list[str]:
    """A line with one to three words left out, doubled, swapped, cut, replaced, or options put in."""
    kept, changed = (part.split() for part in luck.choice(LINES).split("|"))
    options = _options([*kept, *changed])
    for _ in range(luck.choice((1, 1, 1, 1, 2, 3))):
        k, how = luck.randrange(len(changed)) if changed else 0, luck.randrange(12)
        if how == 0 or not changed:
            changed.insert(k, luck.choice(words))
        elif how == 1:
            del changed[k]
        elif how == 2:
            changed.insert(k, changed[k])
        elif how == 3:
            other = luck.randrange(len(changed))
            changed[k], changed[other] = changed[other], changed[k]
        elif how == 4:
            changed[k] = _misspelt(luck, changed[k])
        elif how in (5, 8, 9, 10, 11) and options:
            changed[k + 1 : k + 1] = _option(luck, luck.choice(options), words)
        elif how == 6 and kept and luck.random() < 0.3:
            at = luck.randrange(len(kept))
            kept[at] = _misspelt(luck, kept[at], certainly=True)
        else:
            changed[k] = luck.choice(words)
    return kept + changed


def _misspelt(luck: random.Random, word: str, *, certainly: bool = False) -> str:
    """A word with a letter more, less, or another; with a name in it that is no name for certain, if asked for."""
    if word.startswith("/"):
        return word  # what is cut off a path of the machine's may be another one
    cut = luck.randint(0, len(word))
    return (
        word[:cut] + ("é" if certainly else luck.choice(("", "\x00", "'", "é", "x", "="))) + word[cut + 1 - certainly :]
    )


def _options(words: Sequence[str]) -> list[click.Option]:
    """What the command of a line may be given, as far as it ends soon with it."""
    found: click.Command | None = flywheel.get_command(click.Context(flywheel), words[0])
    if isinstance(found, click.Group):
        found = found.get_command(click.Context(found), words[1])
    assert found is not None, words
    known = (one for one in found.params if isinstance(one, click.Option))
    return [one for one in known if not LONG & {*one.opts, *one.secondary_opts} and words[0] not in ("bench", "app")]


def _sound(option: click.Option) -> Sequence[str]:
    """Values that an option may well take."""
    if isinstance(option.type, click.Choice):
        return tuple(map(str, option.type.choices))
    if isinstance(option.type, click.Path | click.File):
        return ("there", "there.yaml", "there.html", "there.svg", "there.png", "sweep", "tiny-worlds")
    if option.name == "settings":
        return ("0.5", "1.1", "2", "true", "none", "{}", "[]", "Mine")
    if isinstance(option.type, click.types.IntParamType):
        return ("2", "3", "10", "50")
    return ("0.8", "1k", "mine:Twice", "delivery=mine:Twice", "npv", "2020-01-13", "b2b-saas", "start=Joined")


def _option(luck: random.Random, option: click.Option, words: Sequence[str]) -> list[str]:
    """An option as it is typed, with some value."""
    name = luck.choice([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return [name]
    value = luck.choice(words if luck.random() < 0.3 else _sound(option))
    if name == "--set":
        value = f"{luck.choice(SETTINGS)}={value}"
    return [name, value] if luck.random() < 0.7 else [f"{name}={value}"]
