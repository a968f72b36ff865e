"""What run, compare, demo and report share: places to write to, and what they print."""

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import LITERAL, say
from flywheel_sim.files import HTML, place
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.results import Outcomes, Provenance
    from flywheel_sim.scenario import Scenario
    from flywheel_sim.study.worlds.drawing import WorldDrawing

__all__ = [
    "AS_ASSUMED",
    "DETAIL",
    "REPORT",
    "RULES",
    "WORLDS",
    "changed",
    "manifest",
    "names",
    "over",
    "places",
    "readable",
    "rules_of",
    "said_early",
    "told",
    "trial_manifest",
    "written",
]

#: ``--report FILE``.
REPORT = click.option("--report", type=click.Path(path_type=Path), default=None, help="Write an HTML report here.")
#: ``--detail``.
DETAIL = click.option("--detail", is_flag=True, help="Print the statistics behind the verdict as well.")

#: ``--as-assumed``.
AS_ASSUMED = click.option(
    "--as-assumed", is_flag=True, help="Take every number as it is stated, over no worlds: the doubt is luck alone."
)


def WORLDS(command: Any) -> Any:
    """Add ``--worlds N`` and ``--worlds-from DIR``."""
    for option in (
        click.option(
            "--worlds-from",
            type=click.Path(path_type=Path),
            default=None,
            metavar="DIR",
            help="Where its worlds are, or what flywheel calibrate --method posterior has left.",
        ),
        click.option(
            "--worlds",
            type=click.IntRange(2),
            default=None,
            metavar="N",
            help="Run over N worlds of the company, as flywheel worlds makes them: what nobody knows is drawn.",
        ),
    ):
        command = option(command)
    return command


def RULES(command: Any) -> Any:
    """Add ``--intervention NAME`` and ``--team-class TEAM=NAME``."""
    for option in (
        click.option(
            "--intervention",
            "interventions",
            multiple=True,
            metavar="NAME",
            help="Python that acts in every run: package.module:Class with a step(model). May be given again.",
        ),
        click.option(
            "--team-class",
            "team_classes",
            multiple=True,
            metavar="TEAM=NAME",
            help="A team that decides for itself: TEAM=package.module:Class; TEAM may be all. May be given again.",
        ),
    ):
        command = option(command)
    return command


def rules_of(interventions: tuple[str, ...], team_classes: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of `RULES` as arguments of `flywheel_sim.run`; every mistake in them at once."""
    pairs = [text.partition("=") for text in team_classes]
    if wrong := next((text for text, (_, equals, _) in zip(team_classes, pairs, strict=True) if not equals), None):
        raise click.UsageError(f"--team-class: expected TEAM=package.module:Class, as in 'all={wrong}', got '{wrong}'")
    given = {"interventions": list(interventions), "team_class": {team: name for team, _, name in pairs} or None}
    from flywheel_sim.execute.ruled import rules

    rules(**given)
    return given


def over(scenarios: "list[Scenario]", worlds: int | None, worlds_from: Path | None) -> "WorldDrawing | None":
    """Return the worlds that runs are to be of; None where none are asked for."""
    if worlds is None:
        if worlds_from is not None:
            raise click.UsageError("--worlds-from says where worlds are; say over how many with --worlds N")
        return None
    from flywheel_sim.study.worlds.drawing import drawing

    return drawing(scenarios, worlds_from, least=worlds)


def changed(specs: tuple[str, ...], changes: dict[str, Any]) -> "list[Scenario]":
    """Load scenarios and apply ``--set``; every mistake in all of them at once."""
    from flywheel_sim.scenario import Problem, ScenarioError, load

    loaded = []
    problems: dict[Problem, None] = {}
    for spec in specs:
        try:
            scenario = load(spec)
            loaded.append(scenario.with_(changes) if changes else scenario)
        except ScenarioError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise ScenarioError(problems)
    from flywheel_sim.scenario.idle import sentences
    from flywheel_sim.scenario.measures import without_target

    if any(without_target(one) for one in loaded):
        from flywheel_sim.engine.targets import with_targets
        from flywheel_sim.execute.run import worker_count

        loaded = [with_targets(one, worker_count(), lambda text: say(f"note: {text}")) for one in loaded]
    for said in sentences(loaded):
        say(f"note: {said}")
    for note in dict.fromkeys(note for one in loaded for note in one.notes):
        say(f"note: {note}")
    return loaded


def names(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Return scenarios a shell may complete: shipped ones, and YAML files here."""
    from flywheel_sim.scenario import scenarios
    from flywheel_sim.scenario.library import PLANS

    entries, files = scenarios(), sorted(path.as_posix() for path in Path().glob("*.y*ml"))
    below, plus, last = begun.rpartition("+")
    plans = [name for name, entry in entries.items() if entry.kind in PLANS] if plus else [*entries]
    return [f"{below}{plus}{name}" for name in [*plans, *files] if name.startswith(last)]


def said_early(outcomes: "Outcomes") -> None:
    """Say what the first worlds say, before the others are run."""
    say(f"First answer, over {outcomes.replicates} worlds: {outcomes.verdict.sentence}")


def places(out: Path | None, report: Path | None) -> None:
    """Refuse, before the first run, places that cannot be written to."""
    from flywheel_sim.results.saving import vacant

    if out is not None:
        vacant(out)
    if report is not None:
        place(report, *HTML, what="a report")


def written(what: Any, out: Path | None, report: Path | None, *, quiet: bool = False) -> None:
    """Save a result and its report where asked to; ``quiet`` where a later stage writes it again."""
    if out is not None:
        what.save(out)
        say(f"saved {out}; draw it with: {command('flywheel', 'report', out)}")
    if report is not None:
        from flywheel_sim.present.report import write_report

        write_report(what, report)
        if not quiet:
            say(f"wrote {report}")


def manifest(made: "Provenance") -> dict[str, Any]:
    """Return seeds, hashes and versions of an answer."""
    return {
        "seeds": {"seed": made.seed, "replicate": made.replicate, "replicates": made.replicates},
        "hashes": {**made.scenarios, "engine": made.engine},
        "python": made.python,
        "numpy": made.numpy,
        "scipy": made.scipy,
        "numba": made.numba,
        "platform": made.platform,
        "command": made.command,
        **({"worlds": made.worlds} if made.worlds else {}),
        **({"rules": made.rules} if made.rules else {}),
    }


def trial_manifest(hashes: Mapping[str, str], changes: Mapping[str, Any], **seeds: int) -> dict[str, Any]:
    """Return seeds, hashes and changes of claims, facts or levers on trial."""
    from flywheel_sim.engine.fingerprint import engine_hash

    return {"seeds": seeds, "hashes": {**hashes, "engine": engine_hash()}, "changes": dict(changes)}


def readable(*parts: Any) -> Any:
    """Return parts for a person: rich on a terminal, plain and wide elsewhere."""
    from rich.console import Console, Group

    if sys.stdout.isatty():
        return Group(*parts)
    with io.StringIO() as buffer:
        Console(file=buffer, width=200, no_color=True, **LITERAL).print(Group(*parts))
        return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def told(outcomes: "Outcomes", *, detail: bool = False) -> Any:
    """Return the choice, the verdict and the table, and where the difference comes from.

    That the companies differ stands above the verdict; other warnings go to stderr.
    """
    from rich.text import Text

    from flywheel_sim.present.tables import bridge_table, comparison_table, selection_table

    parts: list[Any] = []
    if outcomes.unlike:
        parts += [Text(f"Take care: {outcomes.warnings[0]}."), Text("")]
    if outcomes.chosen is not None:
        said = outcomes.chosen.sentence(outcomes.labels)
        parts += [Text(said, style="bold"), Text(""), selection_table(outcomes, outcomes.chosen), Text("")]
    parts += [Text(outcomes.verdict.sentence, style="bold"), Text(outcomes.grounds), Text("")]
    parts += [comparison_table(outcomes, detail=detail)]
    if outcomes.worlds_run is not None:
        parts += [Text(""), *(Text(line) for line in outcomes.worlds_run.lines)]
    if outcomes.split is not None:
        parts += [Text(""), bridge_table(outcomes.split), *(Text(note) for note in outcomes.split.notes)]
    if outcomes.swings is not None:
        from flywheel_sim.present.swings import flip_sentence

        parts += [Text(""), Text(flip_sentence(outcomes.swings))]
    told_before = {note for scenario in outcomes.scenarios for note in (*scenario.notes, scenario.target_note)}
    for warning in outcomes.warnings[bool(outcomes.unlike) :]:
        if warning in told_before:
            continue
        say(f"note: {warning}")
    return readable(*parts)
