"""What a page holds that could be fetched: for the tests of reports."""

from html.parser import HTMLParser


class Links(HTMLParser):
    """Everything in a page that could be fetched, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster"):
                self.found.append(value or "")
            if name == "id":
                self.ids.append(value or "")
