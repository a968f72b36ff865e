"""``flywheel claims``: the claims of practitioners on trial."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import WORLDS, readable, trial_manifest

__all__ = ["claims"]


@click.command()
@click.argument("names", nargs=-1, metavar="[C37 C41 ...]")
@click.option("--quick", is_flag=True, help="10 runs of 78 weeks instead of 40 of 156.")
@click.option("--detail", is_flag=True, help="Print everything that was seen, as for a few claims by name.")
@WORLDS
@answers("claims", "set", "seed", "replicates", "workers")
def claims(
    names: tuple[str, ...],
    quick: bool,
    detail: bool,
    worlds: int | None,
    worlds_from: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
) -> Answer:
    """Put claims on trial: how large is the effect, is it more than luck, and is it gone where it must be?

    Without a name all of C1 to C78.  Each is tried alone, in one company with assumed sizes, under the same luck with
    and without the effect.  A claim that comes out false is a result; exit 1 only when an effect does not vanish where
    it must, which is an error of ours.  --set changes the company of every claim, and what a claim sets itself stays.
    --worlds tries each over worlds of its company, and says in how many of them it holds.
    """
    if worlds_from is not None and worlds is None:
        raise click.UsageError("--worlds-from says where worlds are; say over how many with --worlds N")
    if worlds is not None and replicates is not None:
        raise click.UsageError("--worlds says what is run and how often; leave --replicates out")
    from flywheel_sim.study.claims import trial

    trial.ready(trial.chosen(names), changes)  # every mistake before the first run
    with progress("Claims") as step:
        trials = trial.claims(
            names,
            quick=quick,
            changes=changes,
            seed=seed,
            replicates=replicates,
            workers=workers,
            progress=step,
            worlds=worlds,
            worlds_from=worlds_from,
        )
    manifest = trial_manifest(trials.hashes, changes, seed=trials.seed, replicates=trials.replicates)
    return Answer(trials.to_dict(), _told(trials, detail or 0 < len(names) <= _FEW), manifest, failed=not trials.ok)


#: As many claims by name are told with everything that was seen of them.
_FEW = 6


def _told(trials: Any, detail: bool) -> Any:
    from rich.text import Text

    from flywheel_sim.present.claims import claim_card, claims_table
    from flywheel_sim.results.claims import VERDICTS

    parts: list[Any] = [] if detail else [claims_table(trials), Text("")]
    for trial in trials.trials if detail else ():
        parts += [*claim_card(trial), Text("")]
    parts += [Text(f"{verdict}: {VERDICTS[verdict]}.") for verdict, count in trials.counts.items() if count]
    rate, runs = f"{100 * trials.error_rate:g} %", trials.replicates
    parts += [
        Text(""),
        Text(
            f"{runs} paired runs of every arm. The chance that anything is called an effect while there is none is at "
            f"most {rate} over these claims (Holm). Sizes are what the model makes of its assumptions, in one company: "
            "no evidence about the world."
        ),
        Text(trials.sentence, style="bold"),
    ]
    return readable(*parts)
