"""The bundled embedder: all-MiniLM-L6-v2 with 7-bit weights, run by onnxruntime on the processor, offline."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.wire.errors import ModelMismatch

if TYPE_CHECKING:  # tokenizers and onnxruntime take a tenth of a second to import: `_load` does it, at the first use
    from tokenizers import Tokenizer

MODEL_FOLDER = Path(__file__).parent / "minilm_l6_v2_7bit"
MODEL_NAME = "minilm-l6-v2-7bit"
DIMENSION = 384
TOKENS_MAX = 256  # the window the model was trained for
CHARS_MAX = 16_384  # TOKENS_MAX tokens of English are about 1,200 characters: the rest of a long text is never cut up
THREADS_MAX = 4


@cache
def bundled_embedder() -> MiniLM:
    """The one instance of this process, so that the model is in memory once."""
    return MiniLM()


class MiniLM:
    """An `Embedder`. Making one reads a checksum file only; the model is loaded when first asked for something.

    Texts go through the model one by one on `threads` threads. A batch would be no faster (of 230 tokens, two cores: 65
    texts/s one by one, 47 to 57 in batches), and its 8-bit arithmetic would let neighbours change a text's vector.
    Raises ModelMismatch where the model's files are missing, or are not what their SHA256SUMS says.
    """

    size = DIMENSION

    def __init__(self, folder: Path = MODEL_FOLDER, *, threads: int | None = None) -> None:
        self._folder = folder
        self._threads = threads or min(os.cpu_count() or 1, THREADS_MAX)
        self._checksums = _read_checksums(folder)
        self._loaded: _Loaded | None = None
        self._lock = Lock()
        self.identity = f"{MODEL_NAME}@{self._checksums['model.onnx'][:8]}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        model = self._model()
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        if len(texts) == 1:
            vectors[0] = model.vector(texts[0])
        elif texts:
            with ThreadPoolExecutor(min(self._threads, len(texts)), "embed") as pool:
                for row, vector in enumerate(pool.map(model.vector, texts)):
                    vectors[row] = vector
        return vectors

    def tokens(self, text: str) -> int:
        return len(self._model().token_ids(text, special=False))

    def _model(self) -> _Loaded:
        if self._loaded is None:
            with self._lock:
                self._loaded = self._loaded or _load(self._folder, self._checksums)
        return self._loaded


@dataclass(frozen=True, slots=True)
class _Loaded:
    session: Any  # onnxruntime.InferenceSession, which has no types; run() is safe on several threads
    tokenizer: Tokenizer

    def vector(self, text: str) -> NDArray[np.float32]:
        """float32 [SIZE], of unit length."""
        ids = self.token_ids(text[:CHARS_MAX], special=True)
        if len(ids) > TOKENS_MAX:
            ids = [*ids[: TOKENS_MAX - 1], ids[-1]]  # the last one says that the text ends
        tokens = np.array([ids], np.int32)
        outputs = self.session.run(["emb"], {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})
        vector: NDArray[np.float32] = outputs[0][0]
        return vector

    def token_ids(self, text: str, *, special: bool) -> list[int]:
        sound = text.encode("utf-8", "replace").decode()  # the tokenizer refuses lone surrogates
        return self.tokenizer.encode(sound, add_special_tokens=special).ids


def _load(folder: Path, checksums: dict[str, str]) -> _Loaded:
    import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415 - it ships no types; and see TYPE_CHECKING above
    from tokenizers import Tokenizer  # noqa: PLC0415 - see TYPE_CHECKING above

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # threads are `MiniLM.embed`'s
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; its warnings are about processors, and go to stderr
    weights = _read_verified(folder / "model.onnx", checksums)
    session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_buffer(_read_verified(folder / "tokenizer.json", checksums))
    tokenizer.no_padding()
    tokenizer.no_truncation()  # `vector` does it, so that `tokens` can count all
    return _Loaded(session, tokenizer)


def _read_checksums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 in hexadecimal, of the model's two files."""
    lines = _read(folder / "SHA256SUMS").decode("ascii", "replace").splitlines()
    checksums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    if not {"model.onnx", "tokenizer.json"} <= checksums.keys():
        raise ModelMismatch(f"{folder / 'SHA256SUMS'} does not list the model's files", "reinstall paasq")
    return checksums


def _read_verified(path: Path, checksums: dict[str, str]) -> bytes:
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != checksums[path.name]:
        raise ModelMismatch(f"the model file {path} is damaged: it is not what SHA256SUMS says", "reinstall paasq")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMismatch(f"the model file {path} cannot be read: {error.strerror}", "reinstall paasq") from error
