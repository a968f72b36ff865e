"""A small model of a whole file, so that the machinery is tested apart from the real blocks."""

from typing import Literal

from pydantic import model_validator

from flywheel_sim.scenario.fields import Block, param


class Person(Block):
    heads: int = param(..., "People.", unit="heads", ge=0)
    skill: float = param(1.0, "Skill.", ge=0, le=10)


class Graph(Block):
    kind: Literal["ring", "complete"] = param("ring", "Family.")
    degree: int = param(8, "Friends.", ge=1)


class Shop(Block):
    enabled: bool = param(True, "On.")
    accounts: int = param(100, "Accounts.", ge=1)
    churn_rate: float = param(0.1, "Churn.", unit="probability", ge=0, le=1)
    graph: Graph = param(Graph(), "Who knows whom.")
    ceiling: float | None = param(5.0, "A limit, or none.")


class Company(Block):
    version: Literal[1] = param(1)
    title: str = param("")
    weeks: int = param(52, "Length.", unit="weeks", ge=1)
    axes: list[str] = param(["a", "b"])
    teams: dict[str, Person] = param({}, "Teams.")
    boss: str = param("", "Who leads.")
    shop: Shop = param(Shop())
    talk: Graph = param(Graph(degree=3), "A block whose default is not its own default.")

    @model_validator(mode="after")
    def _boss_exists(self) -> "Company":
        if self.boss and self.boss not in self.teams:
            raise Unknown([("boss", f"unknown team '{self.boss}'", tuple(self.teams))])
        return self


class Unknown(ValueError):
    def __init__(self, problems: list[tuple[str, str, tuple[str, ...]]]) -> None:
        self.problems = problems
        super().__init__(str(problems))
