"""``flywheel facts``: what is known of the world, looked for in companies of the model."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import REPORT, places, readable, trial_manifest

__all__ = ["facts"]


@click.command()
@click.argument("names", nargs=-1, metavar="[S1 ...]")
@click.option("--company", "companies", multiple=True, metavar="COMPANY", help="Only in this company; repeatable.")
@click.option(
    "--draws",
    type=click.IntRange(min=0),
    default=None,
    metavar="N",
    help="Companies drawn from the prior in which validating facts are tried; 10 unless said, 0 = none.",
)
@REPORT
@answers("facts", "set", "seed", "replicates", "workers")
def facts(
    names: tuple[str, ...],
    companies: tuple[str, ...],
    draws: int | None,
    report: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
) -> Answer:
    """Look for facts known of the world in companies of the model.

    Each fact has a role that was fixed before anything was measured: put in, calibrates, or validates.  Only the last
    are evidence, and of these only what most companies drawn from the prior do not show as well.  Without a name all
    facts in all companies: some minutes.  A fact that fails is an answer, not an error: exit 0.
    """
    from flywheel_sim.study.facts import trial

    places(None, report)
    trial.chosen(names, companies)  # every mistake before the first run
    with progress("Facts") as step:
        measured = trial.facts(
            names,
            companies=companies,
            draws=trial.DRAWS if draws is None else draws,
            changes=changes,
            seed=seed,
            replicates=replicates,
            workers=workers,
            progress=step,
        )
    manifest = trial_manifest(measured.hashes, changes, seed=seed, replicates=measured.replicates, draws=measured.draws)
    if report is not None:
        from flywheel_sim.present.facts import write_facts

        write_facts(measured, report)
        say(f"wrote {report}")
    return Answer(measured.to_dict(), _told(measured), manifest)


def _told(facts: Any) -> Any:
    from rich.text import Text

    from flywheel_sim.present.facts import facts_table

    return readable(facts_table(facts), Text(""), Text(facts.sentence, style="bold"))
