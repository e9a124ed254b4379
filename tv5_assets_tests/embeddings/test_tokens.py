from collections.abc import Callable

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from tv5_assets.embeddings import tokens
from tv5_assets.embeddings.encoder import BUNDLED_MODEL, located
from tv5_assets.embeddings.tokens import Tokens, tokens_of

TEXTS = [
    "a space opera with robots, set in 2049; isn't it?",
    "",
    " ",
    "  two  spaces\tand a tab\nand a line ",
    "Amélie à la plage — œuvre d'été",
    "e\u0301 \u0301 combining",
    "七人の侍 was remade",
    "مرحبا بالعالم",
    "👩‍🚀 to the 🌙",
    "\x00 nothing \x00\x01",
    "no\u00a0break and thin\u2009space",
    "[MASK] [SEP] and [CLS]x",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ",
    "x" * 150,
    "many words " * 400,
]


@pytest.fixture(scope="module")
def network() -> SentenceTransformer:
    return SentenceTransformer(str(located(BUNDLED_MODEL)), device="cpu")


def ids_of(read: Tokens) -> list[list[int]]:
    return [part.tolist() for part in np.split(read._ids.numpy(), read._ends.numpy()[:-1])]


def wanted(network: SentenceTransformer, texts: list[str]) -> list[list[int]]:
    ids: list[list[int]] = network.tokenizer(texts, truncation=True, max_length=network.max_seq_length)["input_ids"]
    return ids


def test_tokens_are_those_of_transformers(network: SentenceTransformer) -> None:
    read = tokens_of(network, TEXTS)
    assert read is not None
    assert ids_of(read) == wanted(network, TEXTS)
    assert read.lengths.tolist() == list(map(len, wanted(network, TEXTS)))


def test_a_tokenizer_that_knows_no_words_reads_whole_texts(
    network: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> object:
        raise AssertionError("was read by word")

    monkeypatch.setattr(tokens, "_has_words", lambda backend: False)
    monkeypatch.setattr(tokens, "_by_word", never)
    read = tokens_of(network, TEXTS)
    assert read is not None
    assert ids_of(read) == wanted(network, TEXTS)


@pytest.mark.parametrize(
    "change",
    [
        lambda network, patch: patch.setattr(network, "default_prompt_name", "query"),
        lambda network, patch: patch.setattr(network[0], "do_lower_case", True, raising=False),
        lambda network, patch: patch.setattr(network.tokenizer, "padding_side", "left"),
    ],
    ids=["prompt", "lower case", "padding"],
)
def test_what_a_model_wants_beside_tokens_is_left_to_it(
    network: SentenceTransformer,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[SentenceTransformer, pytest.MonkeyPatch], None],
) -> None:
    change(network, monkeypatch)
    assert tokens_of(network, ["a text"]) is None


def test_batches_are_padded_on_the_right(network: SentenceTransformer) -> None:
    import torch

    read = tokens_of(network, ["one", "one two three"])
    assert read is not None
    batch = read.batch(torch.tensor([1, 0]), 5)
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert batch["input_ids"][1].tolist()[:3] == wanted(network, ["one"])[0]
    assert batch["input_ids"][1].tolist()[3:] == [network.tokenizer.pad_token_id] * 2
