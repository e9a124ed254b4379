"""Which languages a text model understands.

A model does not say so itself in a form that programs can read, so that its name has to. What does not belong here:
the model (encoder.py).
"""

from pathlib import PurePath

from tv5_assets.tables.synthetic import LANGUAGES

MULTILINGUAL = (
    "multilingual", "labse", "xlm-r", "bge-m3", "jina-embeddings-v3", "nomic-embed-text-v2", "embeddinggemma",
    "qwen3-embedding", "arctic-embed-m-v2", "arctic-embed-l-v2", "granite-embedding-107m", "granite-embedding-278m",
)  # fmt: skip
"""Parts of the names of models that were trained on all of LANGUAGES, in small letters. ``multilingual`` is how most
name themselves, such as paraphrase-multilingual-MiniLM-L12-v2 and multilingual-e5; a model that is not recognized is
taken to know English."""


def languages_of(model: str) -> tuple[str, ...]:
    """Return the languages of LANGUAGES that a model understands, by its name on the hub or that of its folder."""
    name = PurePath(model).name.lower()
    return LANGUAGES if any(part in name for part in MULTILINGUAL) else ("en",)
