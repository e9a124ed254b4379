"""The phrase books of all languages, in the order of tables.synthetic.LANGUAGES."""

from tv5_assets.synthetic.phrases.english import ENGLISH
from tv5_assets.synthetic.phrases.french import FRENCH
from tv5_assets.synthetic.phrases.german import GERMAN
from tv5_assets.synthetic.phrases.italian import ITALIAN
from tv5_assets.synthetic.phrases.spanish import SPANISH
from tv5_assets.tables.synthetic import LANGUAGES

BOOKS = tuple(
    next(book for book in (ENGLISH, FRENCH, SPANISH, GERMAN, ITALIAN) if book.language == language)
    for language in LANGUAGES
)
