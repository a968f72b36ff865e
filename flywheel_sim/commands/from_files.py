"""``flywheel scenario new --from``: what files of a company say of it, as a scenario says it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flywheel_sim.commands.command_output import say
from flywheel_sim.files import write_text
from flywheel_sim.scenario.writing import to_yaml
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.study.calibration.user_files import FromFile

__all__ = ["from_files", "told_back", "with_known"]


def from_files(
    files: Sequence[Path], columns: Sequence[str], dates: str, decimal: str, fee_per: str
) -> "list[FromFile]":
    """Read files of a company; every mistake in all of them at once."""
    from flywheel_sim.scenario import Problem, ScenarioError
    from flywheel_sim.study.calibration.user_files import Choices, read_file

    named = {}
    for column in columns:
        meaning, sign, header = column.partition("=")
        if not sign:
            raise click.UsageError(f"--column takes WHAT=HEADER, as in start=Joined, got '{column}'")
        named[meaning.strip()] = header.strip().strip("'\"")
    read, problems = [], dict[Problem, None]()
    for path in files:
        try:
            read.append(read_file(path, Choices(named, dates, decimal, fee_per)))
        except ScenarioError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise ScenarioError(problems)
    return read


def with_known(text: str, read: "Sequence[FromFile]") -> str:
    """Return a new scenario's text with what files know, the first file that says a number first."""
    known: dict[str, tuple[str, str]] = {}
    others: list[str] = []
    for one in read:
        for name, said in one.known.items():
            if name in known and known[name][0] != said:
                others.append(f"# {name}: {said} by {one.name}\n")
            known.setdefault(name, (said, one.name))
    if not known:
        return text
    lines = to_yaml({"known": {name: said for name, (said, _) in known.items()}})
    head, title, rest = text.partition("\ntitle: ")
    first, end, rest = rest.partition("\n")
    return f"{head}{title}{first}{end}{lines}{''.join(others)}{rest}"


def told_back(read: "Sequence[FromFile]", path: Path) -> None:
    """Tell what was read, and write figures by date beside the scenario."""
    figures = [(day, name, value) for one in read for day, name, value in one.tidy]
    for one in read:
        say(f"read {one.told}")
        numbers = ", ".join(f"{name} {said}" for name, said in one.known.items())
        say(f"  {numbers or 'it says nothing that can be known'}")
    if figures:
        target = path.with_name(f"{path.stem}-figures.csv")
        rows = "".join(f"{day},{name},{value:.10g}\n" for day, name, value in figures)
        write_text(target, "date,figure,value\n" + rows, overwrite=False)
        say(f"wrote {target}")
    say(f"meet these numbers with: {command('flywheel', 'calibrate', path)}")
