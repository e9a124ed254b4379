"""The language of a schema file: what may stand in it, as far as each part can be judged by itself.

docs/catalog-schema.md tells it to whoever writes such a file. What does not belong here: what fields demand of one
another (references.py), and how values are drawn (synthetic/catalog/).
"""

import math
import re
from collections.abc import Hashable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

KEY = "item_id"
"""The key that every declared table has without declaring it: the row's number, counted from 1."""

SLOT = re.compile(r"\{([^{}]*)\}")
"""A place in a pattern or template that is filled in."""

_WEIGHT_TOLERANCE = 1e-6
_COMMON = ("name", "description", "when", "stored")


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("declaration", "{message}", {"message": message})


def _moment(value: Any) -> Any:
    """Return a date or time of a YAML file as a time in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    raise _wrong(f"{value!r} is no date; write it such as 2024-01-31 or 2024-01-31T18:30:00")


Text = Annotated[str, Field(min_length=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
ClosedValue = str | int | float


class Part(BaseModel):
    """A part of a schema file: what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Uuid(Part):
    """A random identifier, unlike any other row's."""

    kind: Literal["uuid"]


class Categorical(Part):
    """One of some words, each with a share of the rows."""

    kind: Literal["categorical"]
    values: Annotated[dict[Text, Annotated[Number, Field(ge=0)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> "Categorical":
        total = math.fsum(self.values.values())
        if abs(total - 1) > _WEIGHT_TOLERANCE:
            raise _wrong(f"the weights sum to {total:g}, not to 1; change them so that they do")
        return self


class Choice(Part):
    """One of some words or numbers, all equally likely."""

    kind: Literal["choice"]
    values: Annotated[list[ClosedValue], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> "Choice":
        if len(set(self.values)) < len(self.values):
            raise _wrong("a value is there twice; remove one, or use a categorical with weights")
        if any(isinstance(value, str) for value in self.values) != all(isinstance(value, str) for value in self.values):
            raise _wrong("words and numbers are mixed; put the numbers in quotes, or use numbers only")
        if not all(value for value in self.values if isinstance(value, str)):
            raise _wrong("a value is empty; remove it")
        return self


class Words(Part):
    """Words in a row, or sentences by patterns, as many as keep to the word counts."""

    kind: Literal["text"]
    min_words: Annotated[int, Field(ge=1)]
    max_words: Annotated[int, Field(ge=1, le=1_000)]
    vocabulary: Text | None = None
    patterns: Annotated[list[Text], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Words":
        _ascending(self.min_words, self.max_words, "words")
        if (self.vocabulary is None) == (self.patterns is None):
            raise _wrong("a text needs either a vocabulary or patterns; give one of the two")
        return self


class WordList(Part):
    """Some different words of a vocabulary."""

    kind: Literal["list"]
    vocabulary: Text
    min_length: Annotated[int, Field(ge=0)]
    max_length: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _bounds(self) -> "WordList":
        _ascending(self.min_length, self.max_length, "length")
        return self


class PersonName(Part):
    """A person's name, usual in one of the locales."""

    kind: Literal["name"]
    locales: Annotated[list[Text], Field(min_length=1)] = ["en_US"]
    people: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000

    @model_validator(mode="after")
    def _known(self) -> "PersonName":
        from faker.config import AVAILABLE_LOCALES

        if unknown := sorted({*self.locales}.difference(AVAILABLE_LOCALES)):
            raise _wrong(f"no names are known for {', '.join(unknown)}; use locales such as en_US, fr_FR, de_DE")
        return self


class Moments(Part):
    """A time from the start on and before the end, to the second."""

    kind: Literal["datetime"]
    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _forward(self) -> "Moments":
        if not self.start < self.end:
            raise _wrong(f"start ({self.start:%Y-%m-%d}) is not before end ({self.end:%Y-%m-%d}); swap or change them")
        return self


class _Range(Part):
    """What whole and broken numbers share: bounds, and how values lie between them."""

    min: float
    max: float
    distribution: Literal["uniform", "log-normal"] = "uniform"
    median: Annotated[Number, Field(gt=0)] | None = None
    sigma: Annotated[Number, Field(gt=0, le=10)] | None = None

    @model_validator(mode="after")
    def _bounds(self) -> "_Range":
        _ascending(self.min, self.max, "")
        skewed = self.distribution == "log-normal"
        if skewed != (self.median is not None) or skewed != (self.sigma is not None):
            raise _wrong("median and sigma belong to `distribution: log-normal`; give all three or none")
        if skewed and self.min < 0:
            raise _wrong(f"min is {self.min:g}, but a log-normal number is never negative; raise min to 0")
        if self.median is not None and not self.min < self.median < self.max:
            raise _wrong(f"median ({self.median:g}) is not between min and max; change it")
        return self


class Integer(_Range):
    """A whole number, the bounds included."""

    kind: Literal["integer"]
    min: Annotated[int, Field(ge=-(2**53), le=2**53)]
    max: Annotated[int, Field(ge=-(2**53), le=2**53)]


class Float(_Range):
    """A number from min to max."""

    kind: Literal["float"]
    min: Number
    max: Number


class Template(Part):
    """A text made of the row's other fields."""

    kind: Literal["template"]
    template: Text


class Lookup(Part):
    """A number that another field's value stands for."""

    kind: Literal["lookup"]
    of: Text
    values: Annotated[dict[ClosedValue, int | Number], Field(min_length=1)]

    @model_validator(mode="after")
    def _not_negative(self) -> "Lookup":
        if negative := [value for value, number in self.values.items() if number < 0]:
            raise _wrong(f"the number of {negative[0]!r} is negative; raise it to 0 at least")
        return self


class Factor(Part):
    """Bounds of what a product is multiplied by, drawn for each row."""

    min: Annotated[Number, Field(ge=0)]
    max: Annotated[Number, Field(ge=0)]

    @model_validator(mode="after")
    def _bounds(self) -> "Factor":
        _ascending(self.min, self.max, "")
        return self


class Product(Part):
    """Other fields' numbers multiplied, give or take, as a whole number."""

    kind: Literal["product"]
    of: Annotated[list[Text], Field(min_length=1)]
    times: Factor


class Share(Part):
    """A part of another field's number, never more than it, as a whole number."""

    kind: Literal["share"]
    of: Text
    min: Annotated[Number, Field(ge=0, le=1)]
    max: Annotated[Number, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _bounds(self) -> "Share":
        _ascending(self.min, self.max, "")
        return self


Spec = (
    Uuid | Categorical | Choice | Words | WordList | PersonName | Moments | Integer | Float | Template | Lookup
    | Product | Share
)  # fmt: skip


class Conditional(Part):
    """One or another kind of value, or none, by the value of another field."""

    kind: Literal["conditional"]
    by: Text
    cases: Annotated[dict[Text, Annotated[Spec, Discriminator("kind")]], Field(min_length=1)]


class FieldDeclaration(Part):
    """A field: what every kind has, and the rest in ``spec``.

    Attributes:
        when: for each of some other fields the values with which this one has a value.
        stored: false for what other fields are made of and the table need not hold.
    """

    name: Identifier
    description: Text
    when: dict[Text, Annotated[list[Text], Field(min_length=1)]] = {}
    stored: bool = True
    spec: Annotated[Spec | Conditional, Discriminator("kind")]

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        common = {name: value for name, value in data.items() if name in _COMMON}
        if isinstance(common.get("when"), dict):
            # One value may stand for a list of one.
            common["when"] = {
                field: [value] if isinstance(value, str) else value for field, value in common["when"].items()
            }
        return {**common, "spec": {name: value for name, value in data.items() if name not in _COMMON}}


class WordsBy(Part):
    """Words by the value of a field."""

    by: Text
    words: Annotated[dict[Text, Annotated[list[Text], Field(min_length=1)]], Field(min_length=1)]


def _vocabulary_form(value: Any) -> Hashable:
    return "by" if isinstance(value, dict | WordsBy) else "plain"


Vocabulary = Annotated[
    Annotated[Annotated[list[Text], Field(min_length=1)], Tag("plain")] | Annotated[WordsBy, Tag("by")],
    Discriminator(_vocabulary_form),
]


class Schema(Part):
    """A schema file: its vocabularies, and the fields of a row in order."""

    vocabularies: dict[Identifier, Vocabulary] = {}
    declared: Annotated[list[FieldDeclaration], Field(min_length=1, alias="fields")]


def _ascending(least: float, most: float, of: str) -> None:
    names = (f"min_{of}", f"max_{of}") if of else ("min", "max")
    if least > most:
        raise _wrong(f"{names[0]} ({least:g}) is above {names[1]} ({most:g}); swap or change them")
