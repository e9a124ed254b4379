"""U+0000 in PostgreSQL, whose texts may hold any other character: escaped on the way in, restored on the way out.

It becomes U+001A and ``0``, and a U+001A of the text's own becomes U+001A and ``1``, so that every text comes back as
it was and two different ones stay different. What does not belong here: texts as such, of which hardly any has either.
"""

from typing import Any

import polars as pl

_ESCAPE, _NUL = "\x1a", "\0"


def escaped(frame: pl.DataFrame, json: tuple[str, ...] = ()) -> pl.DataFrame:
    """Return a frame whose texts, and lists of texts, PostgreSQL can hold.

    Args:
        frame: the rows.
        json: columns of JSON texts, in which both characters stand as ``\\u0000`` and ``\\u001a``.
    """
    of_text = {
        name: _escaped_json if name in json else _escaped for name, kind in frame.schema.items() if kind == pl.String
    }
    of_list = [name for name, kind in frame.schema.items() if kind == pl.List(pl.String)]
    either = {name: r"\\u00(00|1[aA])" if name in json else f"[{_NUL}{_ESCAPE}]" for name in of_text}
    found = frame.select(
        *(pl.col(name).str.contains(pattern).any() for name, pattern in either.items()),
        *(pl.col(name).list.join("").str.contains(f"[{_NUL}{_ESCAPE}]").any() for name in of_list),
    ).row(0, named=True)
    return frame.with_columns(
        *(escape(pl.col(name)) for name, escape in of_text.items() if found[name]),
        *(pl.col(name).list.eval(_escaped(pl.element())) for name in of_list if found[name]),
    )


def restored(value: Any) -> Any:
    """Return a value that was read as it was sent: a text, or texts inside lists and objects."""
    if isinstance(value, str):
        return value.replace(f"{_ESCAPE}0", _NUL).replace(f"{_ESCAPE}1", _ESCAPE) if _ESCAPE in value else value
    if isinstance(value, list):
        return [restored(part) for part in value]
    if isinstance(value, dict):
        return {restored(name): restored(part) for name, part in value.items()}
    return value


def _escaped(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_ESCAPE, f"{_ESCAPE}1", literal=True).str.replace_all(_NUL, f"{_ESCAPE}0", literal=True)


def _escaped_json(text: pl.Expr) -> pl.Expr:
    """Escape in JSON text, where a backslash that is itself escaped makes ``u0000`` mere letters."""
    pair, aside = "\\\\", "\x01"  # which cannot stand in JSON text as it is
    return (
        text.str.replace_all(pair, aside, literal=True)
        .str.replace_all(r"\\u001[aA]", r"\u001a1")
        .str.replace_all(r"\u0000", r"\u001a0", literal=True)
        .str.replace_all(aside, pair, literal=True)
    )
