"""Small hand-made sets in each format, written to a folder; what they hold is spelt out in the tests that use them."""

from pathlib import Path

MOVIES = """movieId,title,genres
1,Toy Story (1995),Adventure|Animation|Children|Comedy|Fantasy
2,"Matrix, The (1999)",Action|Sci-Fi|Thriller
3,"City of Lost Children, The (Cité des enfants perdus, La) (1995)",Adventure|Sci-Fi
4,Babylon 5,(no genres listed)
"""
LINKS = """movieId,imdbId,tmdbId
1,0114709,862
2,0133093,603
3,0112682,
4,10048342,99
"""
RATINGS = """userId,movieId,rating,timestamp
1,1,4.0,964982703
1,3,0.5,0
2,1,5.0,1445714994
2,2,3.5,1445714994
"""
TAGS = '''userId,movieId,tag,timestamp
1,1,Pixar,1139045764
2,1,pixar ,1139045765
2,1,"fun, ""really""",1139045766
2,2,007,1139045767
3,2,,1139045768
'''
GENOME_TAGS = """tagId,tag
1,007
2,dreamlike
3,robots
"""
GENOME_SCORES = """movieId,tagId,relevance
1,1,0.02499999999999991
1,2,0.5
1,3,0.75
2,1,0.9
2,2,0.5010000000000001
2,3,0.9
"""


def write_csv_set(folder: Path, **replaced: str | bytes) -> Path:
    """Write a CSV set; ``ratings="..."`` replaces a file, ``genome_tags=...`` adds one. Lines end in CRLF, as real."""
    files: dict[str, str | bytes] = {"movies": MOVIES, "links": LINKS, "ratings": RATINGS, "tags": TAGS} | replaced
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        as_bytes = content.replace("\n", "\r\n").encode() if isinstance(content, str) else content
        (folder / f"{name.replace('_', '-')}.csv").write_bytes(as_bytes)
    (folder / "README.txt").write_text("what it is\n")
    return folder


def write_genome_set(folder: Path, **replaced: str | bytes) -> Path:
    """Write a CSV set with a tag genome."""
    return write_csv_set(folder, **({"genome_tags": GENOME_TAGS, "genome_scores": GENOME_SCORES} | replaced))


def write_ml_1m(folder: Path) -> Path:
    """Write a set as ml-1m is written."""
    folder.mkdir(parents=True)
    (folder / "movies.dat").write_bytes(
        "1::Toy Story (1995)::Animation|Children's|Comedy\n"
        "73::Misérables, Les (1995)::Drama|Musical\n"
        '89::Star Wars: "IV" (1977)::Sci-Fi\n'.encode("latin-1")
    )
    (folder / "ratings.dat").write_text("1::73::5::978300760\n1::1::3::978302109\n2::1::4::978298413\n")
    (folder / "users.dat").write_text("1::F::1::10::48067\n2::M::56::16::70072-1234\n")
    return folder


def write_ml_100k(folder: Path) -> Path:
    """Write a set as ml-100k is written."""
    folder.mkdir(parents=True)
    link = "http://us.imdb.com/M/title-exact?x"
    items = [
        f"1|Toy Story (1995)|01-Jan-1995||{link}|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0",
        f"2|Cité, La (1995)|01-Jan-1995||{link}|0|0|0|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0",
        "267|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0",
    ]
    (folder / "u.item").write_bytes("".join(f"{item}\n" for item in items).encode("latin-1"))
    (folder / "u.data").write_text("196\t1\t3\t881250949\n186\t267\t3\t891717742\n")
    (folder / "u.user").write_text("1|24|M|technician|85711\n2|53|F|other|T8H1N\n")
    (folder / "u.genre").write_text("unknown|0\n")
    return folder
