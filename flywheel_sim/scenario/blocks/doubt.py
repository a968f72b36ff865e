"""Root block `doubt`: how well numbers are known, for the worlds of a company; no mechanism reads it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from flywheel_sim.scenario.fields import EVIDENCE, MANY, Block, param
from flywheel_sim.scenario.references import Problem
from flywheel_sim.scenario.shapes import along, every_path, root

#: Evidence mark -> factor between a number's median and either end of the range that holds it with 90 % probability
#: (of shares: between their odds).  What is computed (X) follows from the rest and is worked out anew instead.
WIDTHS: Mapping[str, float] = {"V": 1.1, "V2": 1.25, "M": 1.5, "a": 2.0}


class Choice(Block):
    """A choice of the model that nobody knows, such as the shape of the network."""

    path: str = param(..., "Which setting.")
    options: dict[str, Annotated[float, Field(ge=0, le=1e6)]] = param(
        ..., "Option -> how likely it is, relative to the others.", max_length=MANY
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield a path that is no choice, and options that are none."""
        place = along(root(type(model)), tuple(self.path.split(".")))
        if place is None or not place.choices:
            yield f"{at}.path", f"there is no choice of the model at '{self.path}'", tuple(_choices(type(model)))
            return
        for option in self.options:
            if option not in place.choices:
                yield f"{at}.options.{option}", f"expected one of {', '.join(place.choices)}", place.choices
        if sum(weight > 0.0 for weight in self.options.values()) < 2:
            yield f"{at}.options", "expected two options or more, each with a number above 0", ()


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
    structure: dict[str, Choice] = param(
        {},
        "Choices of the model that nobody knows, by a name for them; a plan that makes one itself keeps it.",
        max_length=MANY,
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield marks that are none, factors that are no widening, paths that lead nowhere, and what is drawn twice."""
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
        drawn: dict[str, str] = {}
        for name, choice in self.structure.items():
            if choice.path in seen:
                why = f"'{choice.path}' is a choice, which is drawn apart from everything else"
                yield f"{at}.tied.{seen[choice.path]}", why, ()
            if choice.path in drawn:
                yield f"{at}.structure.{name}.path", f"'{choice.path}' is drawn in {drawn[choice.path]} already", ()
            drawn[choice.path] = name


def _within(inside: Any, part: str) -> Any:
    """Return what is called so inside a block or a mapping; None where there is no such thing."""
    if isinstance(inside, Block):
        names = {info.alias or name: name for name, info in type(inside).model_fields.items()}
        return getattr(inside, names[part]) if part in names else None
    return inside.get(part) if isinstance(inside, Mapping) else None


def _choices(model: type[BaseModel]) -> Iterator[str]:
    """Yield the paths of settings that are one of several words."""
    for path in every_path(model):
        shape = along(root(model), path)
        if shape is not None and shape.choices:
            yield ".".join(path)
