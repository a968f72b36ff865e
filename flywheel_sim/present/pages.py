"""Pages of HTML from the templates beside this module."""

import os
from pathlib import Path
from typing import Any

from flywheel_sim.files import HTML, place, write_text

__all__ = ["page", "write_page"]


def page(template: str, **values: Any) -> str:
    """Fill in a template; a value that it names and does not get is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    pages = Environment(
        loader=PackageLoader("flywheel_sim.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return pages.get_template(template).render(**values)


def write_page(path: str | os.PathLike[str], template: str, **values: Any) -> Path:
    """Fill in a template and write it; an existing file is replaced."""
    return write_text(place(path, *HTML, what="a report"), page(template, **values))
