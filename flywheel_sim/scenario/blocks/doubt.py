"""Root block `doubt`: how well numbers are known, for the worlds of a company; no mechanism reads it."""

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.scenario.fields import EVIDENCE, MANY, Block, param
from flywheel_sim.scenario.references import Problem

#: Evidence mark -> factor between a number's median and either end of the range that holds it with 90 % probability
#: (of shares: between their odds).  What is computed (X) follows from the rest and is worked out anew instead.
WIDTHS: Mapping[str, float] = {"V": 1.1, "V2": 1.25, "M": 1.5, "a": 2.0}


class Doubt(Block):
    """How well numbers are known."""

    widths: dict[str, float] = param(
        {},
        "Factor between the median and either end of the 90 % range, by evidence mark; else "
        + ", ".join(f"{mark} {factor:g}" for mark, factor in WIDTHS.items())
        + ".",
        max_length=len(WIDTHS),
    )
    known: list[str] = param([], "Paths that are known and not drawn; of a block, everything in it.", max_length=1000)
    tied: dict[str, list[str]] = param(
        {}, "Paths that are high together and low together, by a name for them.", max_length=MANY
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield marks that are none, factors that are no widening, and paths that lead nowhere."""
        for mark, factor in self.widths.items():
            if mark not in WIDTHS:
                why = "what is computed is worked out anew" if mark in EVIDENCE else "no evidence mark"
                yield f"{at}.widths.{mark}", f"expected one of {', '.join(WIDTHS)}: '{mark}' is {why}", tuple(WIDTHS)
            elif not 1.0 <= factor <= 1000.0:
                yield f"{at}.widths.{mark}", f"expected a factor from 1 (known) to 1000, got {factor:g}", ()
        listed = [(f"{at}.known.{k}", path) for k, path in enumerate(self.known)]
        listed += [(f"{at}.tied.{name}.{k}", path) for name, one in self.tied.items() for k, path in enumerate(one)]
        for where, path in listed:
            inside: Any = model
            for part in path.split("."):
                inside = _within(inside, part)
            if inside is None:
                yield where, f"there is nothing at '{path}'", ()
        seen: dict[str, str] = {}
        for name, paths in self.tied.items():
            for path in paths:
                if path in seen:
                    yield f"{at}.tied.{name}", f"'{path}' is tied in {seen[path]} already", ()
                seen[path] = name


def _within(inside: Any, part: str) -> Any:
    """Return what is called so inside a block or a mapping; None where there is no such thing."""
    if isinstance(inside, Block):
        names = {info.alias or name: name for name, info in type(inside).model_fields.items()}
        return getattr(inside, names[part]) if part in names else None
    return inside.get(part) if isinstance(inside, Mapping) else None
