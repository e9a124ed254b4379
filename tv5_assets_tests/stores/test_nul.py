import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tv5_assets.stores.nul import escaped, restored

TEXTS = st.lists(st.text(st.sampled_from('\0\x1a01\\u"a'), max_size=12), min_size=1, max_size=5)


@given(TEXTS)
def test_every_text_comes_back_as_it_was(texts: list[str]) -> None:
    frame = pl.DataFrame({"text": texts, "list": [texts] * len(texts)})
    sent = escaped(frame)

    assert not any("\0" in text for text in sent["text"])
    assert sent["text"].n_unique() == len(set(texts))
    assert [restored(text) for text in sent["text"]] == texts
    assert [restored(part.to_list()) for part in sent["list"]] == [texts] * len(texts)


@given(TEXTS)
def test_every_text_inside_of_json_comes_back_as_it_was(texts: list[str]) -> None:
    told = pl.DataFrame({"json": [json.dumps({text: [text, 1]}) for text in texts]})
    sent = escaped(told, json=("json",))

    documents = [json.loads(text) for text in sent["json"]]
    assert not any("\0" in text for document in documents for text in [*document, *document.values()])
    assert [restored(document) for document in documents] == [{text: [text, 1]} for text in texts]


def test_what_has_neither_is_left_as_it_is() -> None:
    frame = pl.DataFrame({"text": ["a", None], "list": [["a"], None], "number": [1, 2]})
    assert escaped(frame).equals(frame)
    assert [restored(value) for value in (None, 1, ["a"], {"a": 1})] == [None, 1, ["a"], {"a": 1}]
