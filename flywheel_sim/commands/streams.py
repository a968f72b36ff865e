"""Output that any terminal can show: what its encoding lacks is written in letters it has."""

import codecs
import unicodedata
from typing import Any

__all__ = ["printable"]

_NAME = "flywheel.printable"
#: What stands for a character that has no letters of its own inside; the others lose their accents.
_PLAIN = {
    "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-",
    "\N{MULTIPLICATION SIGN}": "x", "\N{DIVISION SIGN}": "/", "\N{PLUS-MINUS SIGN}": "+-", "\N{DOT OPERATOR}": "*",
    "\N{MIDDLE DOT}": "*", "\N{BULLET}": "*", "\N{ASTERISK OPERATOR}": "*", "\N{RING OPERATOR}": "o",
    "\N{RIGHTWARDS ARROW}": "->", "\N{LEFTWARDS ARROW}": "<-", "\N{LEFT RIGHT ARROW}": "<->",
    "\N{RIGHTWARDS DOUBLE ARROW}": "=>", "\N{LESS-THAN OR EQUAL TO}": "<=", "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{NOT EQUAL TO}": "!=", "\N{ALMOST EQUAL TO}": "~", "\N{MUCH LESS-THAN}": "<<", "\N{MUCH GREATER-THAN}": ">>",
    "\N{INFINITY}": "inf", "\N{SQUARE ROOT}": "sqrt", "\N{ELEMENT OF}": "in", "\N{PROPORTIONAL TO}": "~",
    "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{EURO SIGN}": "EUR",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"', "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{LEFT ANGLE BRACKET}": "<", "\N{RIGHT ANGLE BRACKET}": ">", "\N{MATHEMATICAL LEFT ANGLE BRACKET}": "<",
    "\N{MATHEMATICAL RIGHT ANGLE BRACKET}": ">", "\N{CHECK MARK}": "ok", "\N{BALLOT X}": "x", "\N{PRIME}": "'",
    "\N{N-ARY SUMMATION}": "sum", "\N{N-ARY PRODUCT}": "prod", "\N{DEGREE SIGN}": "deg", "\N{SECTION SIGN}": "S.",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i", "\N{LATIN SMALL LETTER SHARP S}": "ss", "\N{PARTIAL DIFFERENTIAL}": "d",
}  # fmt: skip


def printable(*streams: Any) -> None:
    """Let streams write anything: what their encoding cannot say is said in plain letters.

    A stream that cannot be told so is left alone.
    """
    codecs.register_error(_NAME, _written)
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_NAME)


def _written(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    words: list[str] = []
    for k, letter in enumerate(error.object[error.start : error.end]):
        if "\udc80" <= letter <= "\udcff":  # a byte of a file name that is no text: as it is
            if words:
                return "".join(words), error.start + k
            return bytes([ord(letter) - 0xDC00]), error.start + 1
        words.append(_plain(letter, error.encoding))
    return "".join(words), error.end


def _plain(letter: str, encoding: str) -> str:
    said = _PLAIN.get(letter)
    if said is None:
        name = unicodedata.name(letter, "")
        if name.startswith("BOX DRAWINGS"):
            said = "-" if "HORIZONTAL" in name and "VERTICAL" not in name else "|" if "VERTICAL" in name else "+"
        elif name.startswith("GREEK"):
            said = name.rpartition("LETTER ")[2].partition(" ")[0].lower()
            said = said.capitalize() if "CAPITAL" in name else said
        else:
            said = "".join(c for c in unicodedata.normalize("NFKD", letter) if c.isascii())
    return said or ("#" if unicodedata.category(letter) == "So" else "?")
