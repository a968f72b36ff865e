"""A hundred companies of known truth, each calibrated as if it were real: coverage and ranks.

    python experiments/calibration/known_truth.py [--companies 100] [--out known_truth.csv]

A line per company and parameter is added to the file as each is done; started again, it goes on after the last one.
With two cores to itself a company takes a few seconds.
"""

import argparse
import csv
from dataclasses import asdict, fields
from pathlib import Path

from recovery import FALSE_ALARM, Recovery, coverage, recovered, uneven

from flywheel_sim.scenario import load
from flywheel_sim.study.calibration.posterior import Settings

SETTINGS = Settings(trials=150, waves=3, replicates=2, draws=1000, predicted=20)


def read(path: Path) -> list[Recovery]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        Recovery(int(row["company"]), row["path"], *(float(row[name]) for name in ("truth", "low", "high", "rank")))
        for row in rows
    ]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--companies", type=int, default=100)
    asked.add_argument("--out", type=Path, default=Path("known_truth.csv"))
    asked.add_argument("--workers", type=int, default=None)
    given = asked.parse_args()
    base = load(Path(__file__).with_name("small-company.yaml"))
    size = len(base.model.observed.fit)
    done = read(given.out)
    # a company is whole or made again
    whole = {one.company for one in done if sum(other.company == one.company for other in done) == size}
    names = [one.name for one in fields(Recovery)]
    with given.out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(asdict(one) for one in done if one.company in whole)
        stream.flush()
        for company in range(given.companies):
            if company not in whole:
                rows = recovered(base, company, SETTINGS, workers=given.workers)
                writer.writerows(asdict(one) for one in rows)
                stream.flush()
                said = ", ".join(f"{one.path} {one.rank:.2f}" for one in rows)
                print(f"company {company + 1} of {given.companies}: ranks {said}", flush=True)
    found = read(given.out)
    for path, (inside, of, low, high) in coverage(found).items():
        ends = f"Wilson 95 %: {100 * low:.0f} to {100 * high:.0f} %"
        print(f"{path or 'all parameters'}: {inside} of {of} truths in the 90 % interval ({ends})")
    for path, (counts, chance) in uneven(found).items():
        verdict = "even" if chance >= FALSE_ALARM else "UNEVEN"
        print(f"{path}: ranks {counts}, p = {chance:.2g} (Holm): {verdict} at a false-alarm rate of {FALSE_ALARM:g}")


if __name__ == "__main__":
    main()
