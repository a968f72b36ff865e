"""Source marks on a page of HTML, each a link to its full reference on the same page."""

from markupsafe import Markup, escape

from flywheel_sim.scenario.bibliography import MARK, RATINGS, Source, bibliography

__all__ = ["Cited"]


class Cited:
    """Marks as they are used while a page is made, and then what they lead to.

    Examples
    --------
    >>> cited = Cited()
    >>> str(cited.linked("seen, S24 <b>"))
    'seen, <a href="#source-S24">S24</a> &lt;b&gt;'
    >>> [source.mark for source in cited.sources()]
    ['S24']
    """

    def __init__(self) -> None:
        self._used: set[str] = set()

    def linked(self, text: str) -> Markup:
        """Return a text as HTML, with every mark that the bibliography has as a link."""
        page, end = Markup(""), 0
        for place in MARK.finditer(text):
            mark = place.group()
            if mark in bibliography():
                self._used.add(mark)
                page += escape(text[end : place.start()]) + Markup('<a href="#source-{0}">{0}</a>').format(mark)
                end = place.end()
        return page + escape(text[end:])

    def sources(self) -> list[Source]:
        """Return what has been used so far, in the order of the bibliography."""
        return [source for mark, source in bibliography().items() if mark in self._used]

    @staticmethod
    def rating(source: Source) -> str:
        """Return what kind of source it is, in words."""
        return RATINGS[source.rating]
