"""``flywheel verify``: the engine against closed forms."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import REPORT, places, readable

__all__ = ["verify"]


@click.command()
@click.argument("anchors", nargs=-1, metavar="[A1 A21-returns ...]")
@click.option("--quick/--full", "quick", default=True, help="A minute or two, or ten times the runs.  [default: quick]")
@REPORT
@answers("verify", "set", "seed", "replicates", "workers")
def verify(
    anchors: tuple[str, ...],
    quick: bool,
    report: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
) -> Answer:
    """Run the limits in which the simulation must be a closed form, and compare.

    Without a name all of A1 to A30 are run, or listed with the reason why they are theory only.  --set changes the
    limits named, and theory follows.  Exit 1 when a quantity disagrees; the chance that this happens while the engine
    is right is at most one in a hundred for the whole suite.
    """
    from flywheel_sim.scenario import ScenarioError

    places(None, report)
    if changes and not anchors:
        raise ScenarioError.single("name the closed form that --set is for, as in: flywheel verify A21 --set ...")
    from flywheel_sim.study.verification import verify as suite

    suite.ready(suite.chosen(anchors)[0], changes)  # every mistake before the first run
    with progress("Limits") as step:
        verification = suite.verify(
            anchors, full=not quick, changes=changes, seed=seed, replicates=replicates, workers=workers, progress=step
        )
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.present.verification import write_verification

    hashes = {**verification.hashes, "engine": engine_hash()}
    if report is not None:
        from flywheel_sim.__about__ import __version__
        from flywheel_sim.typed import command

        words = ["flywheel", "verify", *anchors, *([] if quick else ["--full"]), "--seed", str(seed)]
        words += [word for path, value in changes.items() for word in ("--set", f"{path}={value}")]
        versions = {"version": __version__, "engine": hashes["engine"], "command": command(*words)}
        write_verification(verification, report, versions)
        say(f"wrote {report}")
    return Answer(
        verification.to_dict(),
        _told(verification),
        {"seeds": {"seed": seed}, "hashes": hashes},
        failed=not verification.ok,
    )


def _told(verification: Any) -> Any:
    from rich.text import Text

    from flywheel_sim.present.verification import verification_table

    parts: list[Any] = [verification_table(verification), Text("")] if verification.checks else []
    if verification.theory_only:
        parts.append(Text("Theory only:", style="bold"))
        only = sorted(verification.theory_only.items(), key=lambda one: int(one[0][1:]))
        parts += [Text(f"  {name:<4} {why}") for name, why in only]
        parts.append(Text(""))
    if verification.checks:
        if verification.mode == "full":
            parts.append(Text("detects: the smallest deviation found with 90 % power; of exact ones the tolerance."))
            parts.append(Text(verification.power))
        parts.append(Text(verification.sentence, style="bold"))
    return readable(*parts)
