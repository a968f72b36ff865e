"""Make ``docs/what-ifs.md`` again from the files in ``scenarios/examples``: ``python docs/make_what_ifs.py``.

What came out of an example stands in its file, in the comment ``# Came out:``, which ``python docs/make_what_ifs.py
--measure`` measures and writes again; a reason may follow in further lines of comment.
"""

import math
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

import flywheel_sim as fs
from flywheel_sim.scenario.library import index

TARGET = Path(__file__).resolve().parent / "what-ifs.md"
PAIRS = 40
#: What is told beside the value: outcome, in which words, times what, and its unit.
ALSO = (
    ("customers_end", "customers", 1.0, ""),
    ("nps_true", "NPS", 1.0, ""),
    ("churn_annual", "yearly churn", 100.0, " points"),
    ("referral_share", "new customers by referral", 100.0, " points"),
)
_SAID = re.compile(
    r"^# Came out: (?P<verdict>better|worse|no clear difference):? (?P<value>[+-]\$[\d.]+m) after five years "
    r"\(standard error \$(?P<error>[\d.]+)m, (?P<pairs>\d+) pairs\); (?P<also>.*)\.$",
    re.MULTILINE,
)
_MADE = re.compile(r"(<!-- made: what-ifs -->\n).*?(<!-- end -->)", re.DOTALL)


class Told(NamedTuple):
    """A number of the sentence: the mean of the paired differences, and its standard error."""

    mean: float
    error: float


def files() -> dict[str, Path]:
    """Return the examples by name."""
    return {name: path for name, path in index().items() if path.parent.name == "examples"}


def base_of(path: Path) -> str:
    """Return the company that an example is measured on."""
    (company,) = re.findall(r"^on: (\S+)$", path.read_text("utf-8"), re.MULTILINE)
    return str(company)


def differences(name: str, pairs: int, seed: int) -> dict[str, np.ndarray]:
    """Run an example against its company under the same luck; return the paired differences by outcome."""
    return all_differences(base_of(files()[name]), [name], pairs, seed)[name]


def all_differences(company: str, names: list[str], pairs: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Return the same of several examples on one company, which is run once."""
    found = fs.compare([company, *names], replicates=pairs, seed=seed, as_assumed=True)
    final = {outcome: np.asarray(found.final(outcome), float) for outcome in ("npv", *(one[0] for one in ALSO))}
    return {name: {outcome: of[k + 1] - of[0] for outcome, of in final.items()} for k, name in enumerate(names)}


def verdict(mean: float, error: float) -> str:
    """Say in a word how the value compares; a difference within 2.6 standard errors is none."""
    return "no clear difference" if abs(mean) <= 2.6 * error else "better" if mean > 0 else "worse"


def sentence(found: dict[str, np.ndarray]) -> str:
    """Return the comment that says what came out."""
    mean, error = _mean(found["npv"])
    also = []
    for outcome, words, times, unit in ALSO:
        one, off = (times * x for x in _mean(found[outcome]))
        digits = max(0, min(6, 1 - math.floor(math.log10(off)))) if off > 0 else 0
        also.append(f"{words} {one:+.{digits}f}{unit} ({off:.{digits}f})")
    sign = "-" if mean < 0 else "+"
    digits = max(2, 1 - math.floor(math.log10(error / 1e6)))
    head = f"{verdict(mean, error)}: {sign}${abs(mean) / 1e6:.{digits}f}m after five years"
    error_said = f"(standard error ${error / 1e6:.{digits}f}m, {len(found['npv'])} pairs)"
    return f"# Came out: {head} {error_said}; {', '.join(also)}."


def read(path: Path) -> tuple[str, int, dict[str, Told]]:
    """Return what an example says came out: the verdict, the pairs, and the numbers by outcome."""
    (found,) = _SAID.finditer(path.read_text("utf-8"))
    told = {"npv": Told(1e6 * float(found["value"].replace("$", "").rstrip("m")), 1e6 * float(found["error"]))}
    for outcome, words, times, unit in ALSO:
        (numbers,) = re.findall(rf"{words} ([+-][\d.]+){unit} \(([\d.]+)\)", found["also"])
        told[outcome] = Told(float(numbers[0]) / times, float(numbers[1]) / times)
    return found["verdict"], int(found["pairs"]), told


def why(path: Path) -> str:
    """Return the reason that follows what came out."""
    lines = path.read_text("utf-8").splitlines()
    after = next(k for k, line in enumerate(lines) if line.startswith("# Came out:")) + 1
    told = []
    while after < len(lines) and lines[after].startswith("#"):
        told.append(lines[after].removeprefix("#").strip())
        after += 1
    return " ".join(told)


def table() -> str:
    """Return the table of the page."""
    entries, lines = (
        fs.scenarios(),
        ["| plan | on | question | value after five years | why |", "|---|---|---|---|---|"],
    )
    for name, path in files().items():
        said, _, told = read(path)
        value, error = told["npv"]
        question = fs.load(name).model.question
        number = f"{said}: {'-' if value < 0 else '+'}${abs(value) / 1e6:.3g}m ({error / 1e6:.2g})"
        lines.append(f"| `{name}` ({entries[name].title}) | `{base_of(path)}` | {question} | {number} | {why(path)} |")
    return "\n".join([*lines, ""])


def page(text: str) -> str:
    """Return the page with its table made again."""
    return _MADE.sub(lambda found: f"{found[1]}\n{table()}\n{found[2]}", text)


def measure(names: list[str]) -> None:
    """Measure examples and write what came out into their files."""
    chosen = [name for name in files() if not names or name in names]
    by_company: dict[str, list[str]] = {}
    for name in chosen:
        by_company.setdefault(base_of(files()[name]), []).append(name)
    told: dict[str, dict[str, np.ndarray]] = {}
    for company, here in by_company.items():
        told |= all_differences(company, here, PAIRS, 1)
    for name in chosen:
        path = files()[name]
        text, line = path.read_text("utf-8"), sentence(told[name])
        rest = [one for one in text.splitlines() if not one.startswith("# Came out:")]
        path.write_text("\n".join([line, *rest, ""]), "utf-8")
        print(name, line, sep="\n  ", flush=True)


def _mean(values: np.ndarray) -> Told:
    return Told(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure([name for name in sys.argv[1:] if not name.startswith("--")])
    TARGET.write_text(page(TARGET.read_text("utf-8")), "utf-8")
