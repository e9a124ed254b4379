import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.movielens.titles import take_apart


def apart(original: str) -> tuple[str, str, int | None]:
    frame = pl.DataFrame({"original": [original]}).select(**take_apart(pl.col("original")))
    return frame.row(0)


@pytest.mark.parametrize(
    ("original", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Babylon 5", "Babylon 5", None),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("1984 (1984)", "1984", 1984),
        ("Blade Runner 2049 (2017)", "Blade Runner 2049", 2017),
        # White space and characters that cannot be seen
        ("96 Minutes (2011) ", "96 Minutes", 2011),
        ("Film\u00a0Noir\u00a0(1999)\u00a0", "Film Noir", 1999),
        ("Film (1999)\u200b", "Film", 1999),
        ("\ufeffFilm\u200e  (1999)\u200b \u200b", "Film", 1999),
        ("Film( 1999 )", "Film", 1999),
        # Unusual years
        ("Film(1999)", "Film", 1999),
        ("Film (1999) (1999)", "Film", 1999),
        ("Film (2009) (1990)", "Film", 1990),
        ("Death Note: Desu nôto (2006\u20132007)", "Death Note: Desu nôto (2006\u20132007)", None),
        ("Series (2006-2007)", "Series (2006-2007)", None),
        ("Series (2009\u2013 )", "Series (2009\u2013 )", None),
        ("Fear (1946) (Strakh)", "Fear (Strakh)", 1946),
        ("Fear (1946) and (1947) more", "Fear (1946) and (1947) more", None),
        ("Film (5432)", "Film (5432)", None),
        ("Film (1869)", "Film (1869)", None),
        ("Passage of Venus (1874)", "Passage of Venus", 1874),
        ("Film (19999)", "Film (19999)", None),
        ("Film 1999", "Film 1999", None),
        ("(1995)", "(1995)", 1995),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", 2009),
        ("unknown", "unknown", None),
    ],
)
def test_year(original: str, title: str, year: int | None) -> None:
    found_title, _, found_year = apart(original)
    assert (found_title, found_year) == (title, year)


@pytest.mark.parametrize(
    ("title", "in_order"),
    [
        ("Matrix, The", "The Matrix"),
        ("Bug's Life, A", "A Bug's Life"),
        ("American Werewolf in London, An", "An American Werewolf in London"),
        ("Misérables, Les", "Les Misérables"),
        ("Avventura, L'", "L'Avventura"),
        ("Avventura, L' (Adventure, The)", "L'Avventura (The Adventure)"),
        ("Boot, Das (Boat, The)", "Das Boot (The Boat)"),
        ("Postman, The (Postino, Il)", "The Postman (Il Postino)"),
        ("Vitelloni, I", "I Vitelloni"),
        ("Secret in Their Eyes, The (El secreto de sus ojos)", "The Secret in Their Eyes (El secreto de sus ojos)"),
        ("Adventures of Priscilla, Queen of the Desert, The", "The Adventures of Priscilla, Queen of the Desert"),
        (
            "His Secret Life (a.k.a. Ignorant Fairies, The) (Fate ignoranti, Le)",
            "His Secret Life (a.k.a. The Ignorant Fairies) (Le Fate ignoranti)",
        ),
        ("Eclisse, L' (Eclipse, The) (a.k.a. Eclipse, L')", "L'Eclisse (The Eclipse) (a.k.a. L'Eclipse)"),
        # No article: left alone
        ("I, Robot", "I, Robot"),
        ("Paris, Texas", "Paris, Texas"),
        ("Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il)",
         "The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo)"),
        ("The Matrix", "The Matrix"),
    ],
)  # fmt: skip
def test_articles(title: str, in_order: str) -> None:
    assert apart(f"{title} (1999)") == (title, in_order, 1999)


@given(title=st.text(min_size=1, max_size=30), year=st.integers(1870, 2099))
def test_a_year_at_the_end_is_always_found(title: str, year: int) -> None:
    assert apart(f"{title} ({year})")[2] == year


@given(original=st.text(max_size=40))
def test_any_text_can_be_taken_apart(original: str) -> None:
    title, in_order, _ = apart(original)
    assert title == title.strip()
    assert sorted(in_order.replace(" ", "")) == sorted(title.replace(" ", "")) or ", " in title
