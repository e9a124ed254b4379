import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from tv5_assets.cli import app
from tv5_assets.declaration.declaration import Declaration
from tv5_assets.declaration.read import MANUAL, read_declaration
from tv5_assets.doctor import catalog_schema
from tv5_assets.errors import InputError
from tv5_assets.synthetic.catalog.files import generate
from tv5_assets.synthetic.catalog.items import items
from tv5_assets.tables.catalog_schema import BUNDLED, NEEDED, catalog_declaration
from tv5_assets.tables.declared import declared_table

KIND = """
fields:
  - name: kind
    kind: categorical
    description: Kind of item
    values: {book: 0.75, film: 0.25}
"""
"""Lines 1 to 6; what a test adds begins in line 7."""


def declared(tmp_path: Path, text: str) -> Declaration:
    path = tmp_path / "items.yaml"
    path.write_text(text)
    return read_declaration(path)


def message(tmp_path: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        declared(tmp_path, text)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'items.yaml'}")
    assert "\n" not in told
    return told.removeprefix(f"{tmp_path / 'items.yaml'}").lstrip(":, ")


def field(*lines: str) -> str:
    """Return a field named f, its kind in the third line, to stand after KIND."""
    return KIND + "".join(f"    {line}\n" for line in ("- name: f", "  description: A field", *lines)).replace(
        "    - name", "  - name"
    ).replace("      description", "    description")


FAULTS = {
    "unknown kind": (field("kind: uuidd"), "line 9, field f: kind: there is no kind 'uuidd'; use one of 'uuid'"),
    "no kind": (field(), "line 7, field f: kind is missing; add `kind:`"),
    "unknown setting": (
        field("kind: uuid", "lenght: 3"),
        "line 10, field f: lenght: there is no such setting here; correct its name or remove it",
    ),
    "missing setting": (field("kind: integer", "min: 3"), "line 7, field f: max: it is missing; add it"),
    "missing description": ("fields:\n  - name: f\n    kind: uuid\n", "line 2, field f: description: it is missing"),
    "name with spaces": (
        "fields:\n  - kind: uuid\n    name: my field\n    description: x\n",
        "line 3, field my field: name: 'my field' is no name; use small letters",
    ),
    "weights that do not sum to 1": (
        field("kind: categorical", "values: {a: 0.5, b: 0.4}"),
        "line 7, field f: the weights sum to 0.9, not to 1; change them",
    ),
    "negative weight": (
        field("kind: categorical", "values:", "  a: 1.5", "  b: -0.5"),
        "line 12, field f: values b: input should be greater than or equal to 0, but it is -0.5",
    ),
    "weight that is no number": (
        field("kind: categorical", "values:", "  a: much", "  b: 0.5"),
        "line 11, field f: values a: input should be a valid number, but it is 'much'",
    ),
    "value that YAML reads as a truth value": (
        field("kind: categorical", "values: {no: 0.5, fr: 0.5}"),
        "field f: values False: False is not text; put it in quotes",
    ),
    "words and numbers": (field("kind: choice", "values: [a, 1]"), "line 7, field f: words and numbers are mixed"),
    "choice given twice": (field("kind: choice", "values: [1, 2, 1]"), "field f: a value is there twice"),
    "min above max": (
        field("kind: integer", "min: 5", "max: 3"),
        "line 7, field f: min (5) is above max (3); swap or change them",
    ),
    "float min above max": (field("kind: float", "min: 0.5", "max: 0.3"), "field f: min (0.5) is above max (0.3)"),
    "infinite": (
        field("kind: float", "min: 0.5", "max: .inf"),
        "line 11, field f: max: input should be a finite number",
    ),
    "fraction in an integer": (field("kind: integer", "min: 0.5", "max: 3"), "line 10, field f: min: "),
    "log-normal without median": (
        field("kind: integer", "min: 0", "max: 3", "distribution: log-normal"),
        "field f: median and sigma belong to `distribution: log-normal`; give all three or none",
    ),
    "log-normal below 0": (
        field("kind: integer", "min: -1", "max: 3", "distribution: log-normal", "median: 1", "sigma: 1"),
        "field f: min is -1, but a log-normal number is never negative",
    ),
    "median out of bounds": (
        field("kind: float", "min: 0", "max: 3", "distribution: log-normal", "median: 4", "sigma: 1"),
        "field f: median (4) is not between min and max",
    ),
    "no date": (
        field("kind: datetime", "start: spring", "end: 2025-01-01"),
        "line 10, field f: start: 'spring' is no date; write it such as 2024-01-31",
    ),
    "impossible date": (
        field("kind: datetime", "start: 2024-13-45", "end: 2025-01-01"),
        "line 10, field f: start: '2024-13-45' is no date; write it such as 2024-01-31 or 2024-01-31T18:30:00",
    ),
    "end before start": (
        field("kind: datetime", "start: 2025-01-01", "end: 2024-01-01"),
        "line 7, field f: start (2025-01-01) is not before end (2024-01-01)",
    ),
    "unknown locale": (
        field("kind: name", "locales: [en_US, xx_XX]"),
        "field f: no names are known for xx_XX; use locales such as en_US",
    ),
    "unknown field in a template": (
        field("kind: template", "template: 'A {knid}'"),
        "line 10, field f: template: there is no field 'knid'; do you mean 'kind'?",
    ),
    "brace without a partner": (
        field("kind: template", "template: 'A {kind'"),
        "line 10, field f: template: a brace in 'A {kind' has no partner",
    ),
    "unknown field in a condition": (
        field("kind: uuid", "when: {sort: book}"),
        "line 10, field f: when: there is no field 'sort'; use one of kind, f",
    ),
    "condition on an unknown value": (
        field("kind: uuid", "when: {kind: bok}"),
        "line 10, field f: when kind: kind is never 'bok'; do you mean 'book'?",
    ),
    "condition on a number": (
        field("kind: uuid", "when: {g: '3'}")
        + "  - name: g\n    kind: integer\n    description: x\n    min: 1\n    max: 5\n",
        "line 10, field f: when g: g is not a categorical or a choice of words",
    ),
    "condition on what is not stored": (
        field("kind: uuid", "when: {g: a}")
        + "  - {name: g, kind: choice, values: [a, b], description: x, stored: false}\n",
        "field f: when g: it goes by g, which is not stored",
    ),
    "case of an unknown value": (
        field("kind: conditional", "by: kind", "cases:", "  book: {kind: uuid}", "  flim: {kind: uuid}"),
        "line 13, field f: cases flim: kind is never 'flim'; do you mean 'film'?",
    ),
    "fault in a case": (
        field("kind: conditional", "by: kind", "cases:", "  book:", "    kind: integer", "    min: 9", "    max: 1"),
        "line 12, field f: cases book: min (9) is above max (1)",
    ),
    "unknown kind in a case": (
        field("kind: conditional", "by: kind", "cases:", "  book: {kind: conditional}"),
        "line 12, field f: cases book kind: there is no kind 'conditional'",
    ),
    "cases of different types": (
        field("kind: conditional", "by: kind", "cases:", "  book: {kind: uuid}", "  film: {kind: choice, values: [1]}"),
        "line 11, field f: cases: its cases are of different types (identifier, whole number)",
    ),
    "conditions that exclude one another": (
        field("kind: conditional", "when: {kind: film}", "by: kind", "cases:", "  book: {kind: uuid}"),
        "line 7, field f: no row can have it",
    ),
    "made of what is not there": (
        field("kind: uuid", "when: {kind: book}")
        + "  - {name: t, kind: template, template: 'x {f}', description: x}\n",
        "line 11, field t: template: f is not there in all of these rows, only where kind is book; add `when`",
    ),
    "cyclic reference": (
        field("kind: template", "template: '{g}'") + "  - {name: g, kind: template, template: '{f}', description: x}\n",
        "it is made of itself: ",
    ),
    "made of itself": (field("kind: template", "template: '{f}'"), "line 7, field f: it is made of itself: f needs f"),
    "field declared twice": (
        KIND + KIND.removeprefix("\nfields:\n"),
        "line 7, field kind: name: kind is declared twice",
    ),
    "key declared again": (
        "fields:\n  - {name: item_id, kind: uuid, description: x}",
        "every table has item_id already",
    ),
    "setting given twice": (
        field("kind: integer", "min: 1", "max: 3", "min: 2"),
        "line 12: 'min' is there twice, first in line 10; remove one",
    ),
    "unknown vocabulary": (
        field("kind: list", "vocabulary: things", "min_length: 1", "max_length: 2")
        + "vocabularies:\n  thing: [a, b]\n",
        "line 10, field f: vocabulary: there is no vocabulary 'things'; do you mean 'thing'?",
    ),
    "too few words": (
        field("kind: list", "vocabulary: thing", "min_length: 1", "max_length: 3") + "vocabularies:\n  thing: [a, b]\n",
        "line 14, vocabulary thing: there are 2 words, but 3 different ones are needed at once",
    ),
    "the same word twice": (
        field("kind: list", "vocabulary: thing", "min_length: 1", "max_length: 2")
        + "vocabularies:\n  thing: [a, b, a]\n",
        "line 14, vocabulary thing: a word is there twice",
    ),
    "no words for a value": (
        field("kind: list", "vocabulary: thing", "min_length: 1", "max_length: 2")
        + "vocabularies:\n  thing:\n    by: kind\n    words:\n      book: [a, b]\n",
        "line 16, vocabulary thing: there are no words for kind film; add some",
    ),
    "words for an unknown value": (
        field("kind: list", "vocabulary: thing", "min_length: 1", "max_length: 2")
        + "vocabularies:\n  thing:\n    by: kind\n    words:\n      {book: [a, b], film: [c, d], song: [e]}\n",
        "line 17, vocabulary thing: kind is never 'song'; use one of book, film",
    ),
    "text of neither words nor patterns": (
        field("kind: text", "min_words: 1", "max_words: 2"),
        "field f: a text needs either a vocabulary or patterns",
    ),
    "word counts that patterns cannot keep to": (
        field("kind: text", "min_words: 5", "max_words: 6", "patterns: ['one {thing} two three']")
        + "vocabularies:\n  thing: [a, b]\n",
        "field f: patterns: no number of sentences of 4 to 4 words is sure to come to 5 to 6 words",
    ),
    "lookup without a number": (
        field("kind: lookup", "of: kind", "values: {book: 3}"),
        "line 11, field f: values: there is no number for kind film; add it",
    ),
    "lookup of an unknown value": (
        field("kind: lookup", "of: kind", "values: {book: 3, film: 4, song: 5}"),
        "field f: values song: kind is never 'song' here",
    ),
    "product of words": (
        field("kind: product", "of: [kind]", "times: {min: 1, max: 2}"),
        "line 10, field f: of: kind is not a number",
    ),
    "share of more than all": (
        field("kind: share", "of: g", "min: 0", "max: 1.5")
        + "  - {name: g, kind: integer, min: 0, max: 9, description: x}\n",
        "line 12, field f: max: input should be less than or equal to 1, but it is 1.5",
    ),
    "share of what can be negative": (
        field("kind: share", "of: g", "min: 0", "max: 1")
        + "  - {name: g, kind: integer, min: -2, max: 9, description: x}\n",
        "line 10, field f: of: g can be negative (-2)",
    ),
    "no fields": ("fields: []\n", "line 1: fields: it is empty; give at least one"),
    "no list of fields": ("vocabularies: {}\n", "line 1: fields: it is missing; add it"),
    "empty file": ("", "line 1: the file is empty; it needs `fields:`"),
    "only a comment": ("# nothing\n", "line 1: the file is empty"),
    "a list": ("- a\n- b\n", "line 1: a schema begins with `fields:`"),
    "not YAML": ("fields:\n  - name: [a\n  - b: }\n", "line 3: this is not YAML: "),
    "a tab": ("fields:\n\t- name: a\n", "line 2: this is not YAML: "),
    "control characters": ("fields: \x00\n", "this is not YAML: "),
    "two documents": ("fields: 1\n---\nfields: 2\n", "line 2: this is not YAML: "),
    "an alias in itself": ("fields: &all\n  - *all\n", "an alias refers to what it is part of"),
    "an unknown alias": ("fields: *none\n", "line 1: this is not YAML: "),
    "a field that is text": (
        "fields:\n  - name\n",
        "line 2, field number 1: it needs settings such as `name: value`, but it is 'name'; write it so",
    ),
    "a case that is text": (
        field("kind: conditional", "by: kind", "cases:", "  book: uuid"),
        "line 12, field f: cases book: it needs settings such as `name: value`, but it is 'uuid'",
    ),
    "weights that are a list": (
        field("kind: categorical", "values: [a, b]"),
        "line 10, field f: values: it needs settings such as `name: value`, but it is ['a', 'b']",
    ),
    "a type that is the reader's": (field("kind: !uuid x"), "line 9: 'x' cannot be read: "),
}


@pytest.mark.parametrize("text, told", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_line_and_field_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    assert told in message(tmp_path, text)


def test_several_faults_are_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    faults = "".join(f"  - {{name: f{n}, kind: integer, description: x, min: {n}, max: 0}}\n" for n in range(1, 9))
    told = message(tmp_path, "fields:\n" + faults)
    assert told.startswith("line 2, field f1: min (1) is above max (0); swap or change them; line 3, field f2: ")
    assert told.endswith("; and 3 more")


def test_a_fault_in_many_lines_is_told_once_and_of_many_names_the_nearest(tmp_path: Path) -> None:
    text = BUNDLED.read_text()
    told = message(tmp_path, text.replace("- name: description", "- name: words_on_it"))
    first, *others = (n for n, line in enumerate(text.splitlines(), 1) if "{description}" in line)
    assert re.fullmatch(
        rf"line {first}, field content_text: cases video template: there is no field 'description'; use one of the 29 "
        rf"that there are, such as \w+, \w+, \w+ \(so too in lines {', '.join(map(str, others))}\)",
        told,
    )


def test_equal_faults_of_different_settings_are_told_apart(tmp_path: Path) -> None:
    told = message(tmp_path, field("kind: integer") + "  - {name: g, kind: integer, description: x, max: 3}\n")
    assert told == (
        "line 7, field f: min: it is missing; add it (so too in line 10); "
        "line 7, field f: max: it is missing; add it"
    )  # fmt: skip


def test_a_text_may_look_like_a_date_that_cannot_be(tmp_path: Path) -> None:
    text = field("kind: categorical", "values: {2024-13-45: 1}")
    assert items(declared(tmp_path, text), 3, seed=1).collect()["f"].to_list() == ["2024-13-45"] * 3


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.yaml: No such file or directory"):
        read_declaration(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("fields: é".encode("latin-1"))
    with pytest.raises(InputError, match="it is not UTF-8 text"):
        read_declaration(tmp_path / "latin.yaml")


OTHER = """
fields:
  - {name: kind, kind: categorical, description: Kind, values: {book: 0.75, film: 0.25}}
  - {name: code, kind: choice, description: Code, values: [7, 8, 9]}
  - {name: weight, kind: lookup, description: Weight, of: code, values: {7: 0.5, 8: 1, 9: 2.5}}
  - {name: score, kind: float, description: Score, min: -1, max: 1}
  - {name: words, kind: text, description: Words, vocabulary: word, min_words: 3, max_words: 5}
  - {name: pages, kind: integer, description: Pages, when: {kind: book}, min: 10, max: 20}
  - name: mark
    kind: conditional
    description: Words for books, one of two marks for films
    by: kind
    cases:
      book: {kind: text, vocabulary: word, min_words: 1, max_words: 1}
      film: {kind: choice, values: [good, bad]}
  - name: line
    kind: template
    description: A line
    when: {kind: [book]}
    template: "{code}: {words}, {pages} p., {made}"
  - {name: made, kind: datetime, description: When, start: 2020-01-01, end: 2020-01-02T12:00:00}
vocabularies:
  word:
    by: kind
    words: {book: [spine, cover, index], film: [reel, cut]}
"""


def test_another_schema_gives_another_table_without_any_python(tmp_path: Path) -> None:
    declaration = declared(tmp_path, OTHER)
    frame = items(declaration, 3_000, seed=1).collect()
    table = declared_table(declaration, "Other", key="synthetic/other", owner="team:catalog", about="Other items.")
    table.validate(frame)
    assert frame.columns == ["item_id", *(one.name for one in declaration.stored)]
    book = pl.col("kind") == "book"
    assert frame.select((pl.col("pages").is_not_null() == book).all()).item()
    assert set(frame.filter(~book)["words"].str.split(" ").explode()) == {"reel", "cut"}
    assert set(frame.filter(~book)["mark"]) == {"good", "bad"}
    assert set(frame["code"] - frame["weight"]) == {6.5, 7.0}
    assert frame.filter(book).select(
        (pl.col("line") == pl.format("{}: {}, {} p., {}", "code", "words", "pages", pl.col("made").dt.date())).all()
    ).item()  # fmt: skip


def test_a_text_has_as_many_sentences_as_keep_to_its_word_counts(tmp_path: Path) -> None:
    text = field("kind: text", "min_words: 4", "max_words: 10", "patterns: ['{thing} and {thing}.', 'a {thing}.']") + (
        "vocabularies:\n  thing: [leaf, stone, river]\n"
    )
    declaration = declared(tmp_path, text)
    texts = items(declaration, 3_000, seed=1).collect()["f"]
    sentences = texts.str.count_matches(r"\.")
    assert dict(sentences.value_counts().iter_rows()).keys() == {2, 3}
    assert sentences.mean() == pytest.approx(2.5, abs=0.05)
    one = r"(?:[LSR]\w+ and \w+|a (?:leaf|stone|river))\."
    assert texts.str.contains(rf"^{one}(?: {one}){{1,2}}$").all()
    assert not texts.str.contains(r"(?i)(leaf and leaf|stone and stone|river and river)").any()
    assert items(declaration, 3_000, seed=1, chunk_rows=700).collect()["f"].equals(texts)


def test_fields_may_stand_in_any_order(tmp_path: Path) -> None:
    declaration = declared(tmp_path, OTHER)
    reversed_ = Declaration(
        declaration.schema.model_copy(update={"declared": list(reversed(declaration.schema.declared))})
    )
    frame = items(declaration, 50, seed=1).collect()
    assert frame.equals(items(reversed_, 50, seed=1).collect().select(frame.columns))


def test_a_catalog_without_what_the_platform_needs_is_refused_by_name(tmp_path: Path) -> None:
    text = BUNDLED.read_text()
    path = tmp_path / "small.yaml"
    start, end = text.index("  - name: language"), text.index("  - name: format")
    path.write_text(text[:start] + text[end:])
    catalog_declaration(path)  # the platform does not need the language
    path.write_text(text.replace("- name: creator", "- name: author").replace("{creator}", "{author}"))
    with pytest.raises(InputError, match=r"small\.yaml declares no catalog that .*: creator is missing; declare them"):
        catalog_declaration(path)
    path.write_text(
        text.replace("{kind: datetime, start: 2016-01-01, end: 2026-01-01}", "{kind: integer, min: 1, max: 2}").replace(
            "  - name: type\n    kind: categorical", "  - name: type\n    kind: categorical"
        )
    )
    with pytest.raises(InputError, match="its cases are of different types"):
        catalog_declaration(path)
    path.write_text(OTHER)
    with pytest.raises(InputError) as caught:
        catalog_declaration(path)
    for name in NEEDED:
        assert f"{name} is missing" in str(caught.value)


def test_a_needed_field_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    text = BUNDLED.read_text()
    path.write_text(
        text.replace("  - name: creator\n    kind: name", "  - name: creator\n    when: {type: video}\n    kind: name")
        .replace("Creator: {creator}.", "")
        .replace("{tags}", "{title}")
        .replace(
            "    vocabulary: thing\n    min_length: 2\n    max_length: 8\n",
            "    min_words: 1\n    max_words: 2\n    vocabulary: thing\n",
        )
        .replace("  - name: tags\n    kind: list", "  - name: tags\n    kind: text")
    )
    with pytest.raises(InputError, match=r"creator is not in every row; tags is String, not List\(String\)"):
        catalog_declaration(path)


def test_generate_writes_a_file_and_does_not_replace_one(tmp_path: Path) -> None:
    schema = tmp_path / "other.yaml"
    schema.write_text(OTHER)
    out = tmp_path / "items.jsonl"
    written = generate(schema, 100, out, seed=1)
    assert written.rows == 100
    frame = pl.read_ndjson(out)
    assert frame["item_id"].to_list() == list(range(1, 101))
    with pytest.raises(InputError, match="is there already"):
        generate(schema, 100, out, seed=1)
    generate(schema, 5, out, seed=2, force=True)
    assert len(pl.read_ndjson(out)) == 5
    with pytest.raises(InputError, match=r"let the name end in one of \.jsonl, \.csv"):
        generate(schema, 100, tmp_path / "items.xlsx", seed=1)


def test_a_wrong_schema_is_one_line_of_a_command_and_a_finding_of_the_doctor(tmp_path: Path) -> None:
    schema = tmp_path / "wrong.yaml"
    schema.write_text("fields:\n  - {name: id, kind: guid, description: x}\n")
    ended = subprocess.run(
        [sys.executable, "-m", "tv5_assets.cli", "run"],
        capture_output=True,
        text=True,
        env={
            "TV5_CATALOG_SCHEMA": str(schema),
            "TV5_HOME": str(tmp_path / "home"),
            "TV5_DATASET": "simulated",
            "PATH": "/usr/bin:/bin",
        },
    )
    assert ended.returncode == 1
    told = ended.stderr.splitlines()
    assert len(told) == 1
    assert told[0].startswith(f"tv5: {schema}, line 2, field id: kind: there is no kind 'guid'")
    finding = catalog_schema(schema)
    assert (finding.state, told[0]) == ("problem", f"tv5: {finding.text}")
    assert catalog_schema(None).state == "ok"


def test_a_word_of_weight_0_never_comes_up(tmp_path: Path) -> None:
    text = """
fields:
  - {name: kind, kind: categorical, description: Kind, values: {book: 0.4999995, film: 0.5, song: 0}}
  - name: mark
    kind: conditional
    description: Mark
    by: kind
    cases:
      book: {kind: categorical, values: {a: 0.3333333, b: 0.6666663, c: 0}}
      film: {kind: categorical, values: {d: 1, a: 0}}
      song: {kind: categorical, values: {e: 1}}
"""
    frame = items(declared(tmp_path, text), 20_000, seed=1).collect()
    assert set(frame["kind"].cast(pl.String)) == {"book", "film"}
    assert set(frame.select(pl.format("{} {}", "kind", "mark")).to_series()) == {"book a", "book b", "film d"}


def test_the_example_of_the_manual_works(tmp_path: Path) -> None:
    manual = Path(__file__).resolve().parents[2] / MANUAL
    example = manual.read_text().split("```yaml\n")[1].split("```")[0]
    frame = items(declared(tmp_path, example), 200, seed=1).collect()
    assert frame.columns == ["item_id", "id", "genre", "title", "pages", "suspects", "blurb"]
    crime = pl.col("genre") == "crime"
    assert frame.select((pl.col("suspects").is_not_null() == crime).all()).item()
    assert frame.filter(crime).select((pl.col("blurb").str.contains("suspects")).all()).item()
    for kind in ("uuid", "product", "conditional", "datetime", "lookup"):
        assert f"`{kind}`" in manual.read_text()


def test_the_command_writes_rows_and_tells_a_fault_in_one_line(tmp_path: Path) -> None:
    schema, out = tmp_path / "other.yaml", tmp_path / "items.csv"
    schema.write_text(OTHER)
    written = CliRunner().invoke(app, ["generate", str(schema), "--rows", "70", "--out", str(out), "--seed", "3"])
    assert written.exit_code == 0, written.output
    assert "items.csv: 70 rows" in written.stdout
    assert len(pl.read_csv(out)) == 70
    schema.write_text(OTHER.replace("kind: lookup", "kind: look"))
    refused = CliRunner().invoke(app, ["generate", str(schema), "--out", str(out), "--force"])
    assert refused.exit_code == 1
    assert f"tv5: {schema}, line 5, field weight: kind: there is no kind 'look'" in refused.stderr
    assert len(pl.read_csv(out)) == 70
