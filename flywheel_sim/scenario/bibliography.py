"""Where facts, closed forms and claims come from: the bibliography that ships with the package."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flywheel_sim.scenario.reading import parse, plain

__all__ = ["MARK", "RATINGS", "Source", "bibliography", "marks_in"]

#: What a rating says.
RATINGS: Mapping[str, str] = {
    "A": "peer-reviewed, on behaviour",
    "B": "a survey, intentions, or one firm",
    "C": "a vendor",
    "P": "a practitioner's text",
    "T": "theory",
}
#: What looks like a source mark.
MARK = re.compile(r"\b(?:[SA][1-9]\d?|00[0-4])\b")


@dataclass(frozen=True)
class Source:
    """What a source mark leads to.

    Parameters
    ----------
    mark : str
        S1 to S39 (a fact), A1 to A30 (a closed form), 000 to 004 (a text that makes claims).
    fact : str
        What is known from it; empty for a closed form, whose module says it.
    rating : str
        One of `RATINGS`.
    evidence : str
        V, V2 or M: how the text was seen; empty where nothing is said of it.
    references : tuple of str
        In full; "As cited:" before one that has not been looked up.
    """

    mark: str
    fact: str
    rating: str
    evidence: str
    references: tuple[str, ...]


@cache
def bibliography() -> Mapping[str, Source]:
    """Return every source by its mark, in the order of ``bibliography.yaml``.

    References stand there once, under a name; what has no rating is theory.

    Examples
    --------
    >>> bibliography()["S3"].references[0][:25]
    'Nitzan, I. and Libai, B. '
    """
    text = (Path(__file__).parent / "bibliography.yaml").read_text("utf-8")
    data = plain(parse(text, "bibliography.yaml"))
    works = data.pop("references")
    return {
        mark: Source(
            mark=mark,
            fact=" ".join(str(entry.get("fact", "")).split()),
            rating=str(entry.get("rating", "T")),
            evidence=str(entry.get("evidence", "")),
            references=tuple(works[name] for name in entry["references"]),
        )
        for mark, entry in data.items()
    }


def marks_in(text: str) -> list[str]:
    """Return source marks in a text that the bibliography has, each once.

    Examples
    --------
    >>> marks_in("A8, S7; of S99 nothing is known")
    ['A8', 'S7']
    """
    return [mark for mark in dict.fromkeys(MARK.findall(text)) if mark in bibliography()]
