"""Identifiers: integers inside the platform, strings at its edges (stores, exports, APIs).

Only this module knows the string patterns. Each pattern has a formatter for one id, a Polars expression for a
column, and a parser that rejects what it does not recognise.
"""

import re

import polars as pl

from tv5_assets.errors import InputError

_PATTERNS = {
    "media": re.compile(r"ml_([1-9]\d*)"),
    "user": re.compile(r"user_(\d{8,})"),
}


def media_id(movie_id: int) -> str:
    """Return the edge form of a movie id, such as ``ml_296``."""
    return f"ml_{movie_id}"


def internal_id(movie_id: int) -> str:
    """Return the zero-padded internal form of a movie id, such as ``media_00000296``."""
    return f"media_{movie_id:08d}"


def user_key(user_id: int) -> str:
    """Return the edge form of a user id, such as ``user_00000001``."""
    return f"user_{user_id:08d}"


def media_id_expr(column: str = "movie_id") -> pl.Expr:
    """Return the edge form of a column of movie ids, named ``media_id``."""
    return pl.format("ml_{}", pl.col(column)).alias("media_id")


def media_ids_expr(column: str) -> pl.Expr:
    """Return the edge form of a column of lists of movie ids, under the column's own name."""
    return pl.col(column).list.eval(media_id_expr(""))


def internal_id_expr(column: str = "movie_id") -> pl.Expr:
    """Return the zero-padded internal form of a column of movie ids, named ``internal_id``."""
    return pl.format("media_{}", pl.col(column).cast(pl.String).str.zfill(8)).alias("internal_id")


def interaction_id_expr(column: str = "row") -> pl.Expr:
    """Return the edge form of ratings by their row, such as ``int_17``, named ``interaction_id``."""
    return pl.format("int_{}", pl.col(column)).alias("interaction_id")


def tag_id_expr(column: str = "row") -> pl.Expr:
    """Return the edge form of applications of a tag by their row, such as ``tag_17``, named ``interaction_id``."""
    return pl.format("tag_{}", pl.col(column)).alias("interaction_id")


def context_key_expr(column: str = "context_id") -> pl.Expr:
    """Return the edge form of a column of context ids, such as ``ctx_00000001``, named ``context_key``."""
    return pl.format("ctx_{}", pl.col(column).cast(pl.String).str.zfill(8)).alias("context_key")


def user_key_expr(column: str = "user_id") -> pl.Expr:
    """Return the edge form of a column of user ids, named ``user_key``."""
    return pl.format("user_{}", pl.col(column).cast(pl.String).str.zfill(8)).alias("user_key")


def parse_media_id(text: str) -> int:
    """Return the movie id of ``ml_296`` or of a bare ``296``.

    Raises:
        InputError: the text is neither.
    """
    return _parse("media", text, example="ml_296")


def parse_user_key(text: str) -> int:
    """Return the user id of ``user_00000001`` or of a bare ``1``.

    Raises:
        InputError: the text is neither.
    """
    return _parse("user", text, example="user_00000001")


def _parse(kind: str, text: str, example: str) -> int:
    stripped = text.strip()
    match = _PATTERNS[kind].fullmatch(stripped)
    digits = match.group(1) if match else stripped
    if not (digits.isascii() and digits.isdigit() and int(digits) > 0):
        raise InputError(f"{text!r} is not a {kind} id; write it as {example} or as a positive number")
    return int(digits)
