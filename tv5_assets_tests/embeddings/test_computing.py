import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from tv5_assets.embeddings import computing
from tv5_assets.embeddings.computing import ask_nothing, compute
from tv5_assets.embeddings.encoder import BUNDLED_MODEL, located
from tv5_assets.embeddings.tokens import tokens_of

TEXTS = ["a love story in Paris", "robots", "robots in outer space", "", "a long way " * 40, "robots too"]


def loaded() -> SentenceTransformer:
    return SentenceTransformer(str(located(BUNDLED_MODEL)), device="cpu")


@pytest.fixture(scope="module")
def bare() -> np.ndarray:
    return np.asarray(loaded().encode(TEXTS, normalize_embeddings=True))


@pytest.mark.parametrize("batch_size", [None, 1, 2, 5])
def test_vectors_are_those_of_the_bare_model_in_the_order_of_the_texts(
    bare: np.ndarray, batch_size: int | None
) -> None:
    network = loaded()
    np.testing.assert_allclose(compute(network, TEXTS, tokens_of(network, TEXTS), batch_size).read(), bare, atol=1e-5)
    np.testing.assert_allclose(compute(network, TEXTS, None, batch_size).read(), bare, atol=1e-5)


def test_a_model_that_asks_nothing_computes_the_same(bare: np.ndarray) -> None:
    network = loaded()
    ask_nothing(network)
    np.testing.assert_allclose(compute(network, TEXTS, tokens_of(network, TEXTS), 2).read(), bare, atol=1e-5)


def on_a_device_that_answers_nothing(network: SentenceTransformer, monkeypatch: pytest.MonkeyPatch) -> torch.Tensor:
    """Compute on tensors without values, as which a GPU's are while its work is queued: to ask for one is an error."""
    monkeypatch.setitem(computing._TOKENS_AT_ONCE, "meta", 64)
    monkeypatch.setitem(computing._MOST_TEXTS, "meta", 2)
    tokens = tokens_of(network, TEXTS)
    assert tokens is not None
    return compute(network.to("meta"), TEXTS, tokens).vectors


def test_nothing_is_asked_of_a_device_while_its_work_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    network = loaded()
    ask_nothing(network)
    vectors = on_a_device_that_answers_nothing(network, monkeypatch)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), 384), torch.float32)


def test_by_itself_a_model_asks_about_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="cannot be called on meta tensors"):
        on_a_device_that_answers_nothing(loaded(), monkeypatch)


def test_no_plan_is_made_for_each_shape_of_a_batch() -> None:
    network, allowed = loaded(), []
    network.register_forward_hook(lambda *_: allowed.append(torch.backends.cuda.cudnn_sdp_enabled()))
    compute(network, TEXTS, tokens_of(network, TEXTS), 2)
    assert allowed == [False] * 3
    assert torch.backends.cuda.cudnn_sdp_enabled()  # for everyone else
