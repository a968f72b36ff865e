"""Sphinx: ``sphinx-build -W -b html docs <folder>`` turns these pages into a site that needs no network."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

project = "flywheel_sim"
author = "the authors of flywheel_sim"
release = re.search(r'"(.+?)"', (ROOT / "flywheel_sim" / "__about__.py").read_text("utf-8")).group(1)  # type: ignore[union-attr]
version = release

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build", "pictures/*.py"]
highlight_language = "none"
myst_heading_anchors = 3

html_theme = "alabaster"
html_theme_options = {
    "description": "Run your company twice, with the same luck",
    "fixed_sidebar": True,
    "page_width": "1240px",
    "sidebar_width": "230px",
    "font_family": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "head_font_family": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "show_powered_by": False,
    "show_relbars": True,
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_static_path = ["_static"]
html_show_copyright = False
html_show_sourcelink = False


def setup(app: Any) -> None:
    """Let links find ``<a id="m1"></a>``, which other readers of Markdown need written so."""

    def anchors(_: Any, __: str, source: list[str]) -> None:
        source[0] = re.sub(r'^<a id="([\w-]+)"></a>$', r"(\1)=", source[0], flags=re.M)

    app.connect("source-read", anchors)
