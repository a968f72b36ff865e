"""Write docs/bibliography.md from the bibliography that ships with the package."""

from pathlib import Path

from flywheel_sim.scenario.bibliography import RATINGS, bibliography
from flywheel_sim.theory import ANCHORS

TARGET = Path(__file__).parent / "bibliography.md"


def page() -> str:
    """Return the page."""
    lines = [
        "# Bibliography",
        "",
        "What the source marks of settings, claims and docs lead to: S1 to S39 facts, A1 to A30 closed forms, 000 to",
        "004 the texts that make the claims. `flywheel explain S11` says the same, with the claims and settings that",
        "rest on it.",
        "",
        "Made by `docs/make_bibliography.py`. Ratings:",
        "; ".join(f"{letter} {said}" for letter, said in RATINGS.items()) + ".",
        "Evidence: V the text, its abstract or an official page was seen; V2 a secondary page was seen; M from memory.",
        'A reference that begins with "As cited" has not been looked up.',
    ]
    for mark, source in bibliography().items():
        what = source.fact or ANCHORS[mark].title
        seen = f", {source.evidence}" if source.evidence else ""
        lines += ["", f'<a id="{mark.lower()}"></a>', "", f"**{mark}** ({source.rating}{seen}) {what}", ""]
        lines += [f"- {reference}" for reference in source.references]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
