"""The bundled model: what its vectors are, that nothing but the text decides them, and broken files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.embed.minilm import DIMENSION, MODEL_FOLDER, TOKENS_MAX, MiniLM, bundled_embedder
from paasq_daemon.wire.errors import ModelMismatch

TEXTS = [
    "call Ana about the lease",
    "",
    "a recipe for lentil soup",
    "word " * 600,
    "ring the landlord",
    "naïve 日本語 🎉",
]


def test_is_an_embedder_named_by_its_weights() -> None:
    embedder: Embedder = bundled_embedder()
    assert embedder.identity == "minilm-l6-v2-7bit@18c08d5d"
    assert embedder.size == DIMENSION


def test_vectors_are_unit_rows_in_order() -> None:
    vectors = bundled_embedder().embed(TEXTS)
    assert vectors.shape == (len(TEXTS), DIMENSION)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_array_equal(bundled_embedder().embed([text])[0], vector)
    assert bundled_embedder().embed([]).shape == (0, DIMENSION)


def test_near_in_meaning_is_near() -> None:
    lease, _, soup, _, landlord, _ = bundled_embedder().embed(TEXTS)
    assert lease @ landlord > lease @ soup + 0.2


def test_neighbours_and_threads_do_not_change_a_vector() -> None:
    alone = MiniLM(threads=1).embed(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: bundled_embedder().embed(TEXTS[::-1]), range(4)):
            np.testing.assert_array_equal(vectors[::-1], alone)


def test_reads_as_far_as_the_window() -> None:
    inside, outside = "word " * (TOKENS_MAX - 2), "word " * (TOKENS_MAX - 2) + "lentil soup"
    vectors = bundled_embedder().embed([inside, outside, "word " * (TOKENS_MAX - 4) + "lentil soup"])
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])


def test_cuts_as_the_tokenizer_does() -> None:
    tokenizer = Tokenizer.from_file(str(MODEL_FOLDER / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)
    text = "Readability counts; special cases are not special enough. " * 40
    cut = tokenizer.encode(text)
    within = text[: cut.offsets[-2][1]]  # up to the last token before the end mark
    np.testing.assert_array_equal(bundled_embedder().embed([text]), bundled_embedder().embed([within]))


@pytest.mark.parametrize(("text", "count"), [("", 0), ("hello world", 2), ("word " * 600, 600), ("embeddings", 4)])
def test_counts_tokens_beyond_the_window(text: str, count: int) -> None:
    assert bundled_embedder().tokens(text) == count


@pytest.mark.parametrize("text", ["\ud800", "\0", "x" * 1_000_000, " \n\t"])
def test_takes_any_string(text: str) -> None:
    assert np.isfinite(bundled_embedder().embed([text])).all()


def test_import_loads_no_runtime() -> None:
    program = (
        "import sys, paasq_daemon.embed.minilm as m; m.bundled_embedder().identity;"
        "assert not {'onnxruntime', 'tokenizers'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_refuses_damaged_files(tmp_path: Path, name: str, damage: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(MODEL_FOLDER, folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    match damage:
        case "flip":
            (folder / name).write_bytes(content)
        case "cut":
            (folder / name).write_bytes(content[:-1])
        case _:
            (folder / name).unlink()
    with pytest.raises(ModelMismatch, match=name):
        MiniLM(folder).embed(["x"])


def test_refuses_a_folder_without_checksums(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatch, match="SHA256SUMS"):
        MiniLM(tmp_path)
    (tmp_path / "SHA256SUMS").write_text("00  other.onnx\n")
    with pytest.raises(ModelMismatch, match="does not list"):
        MiniLM(tmp_path)
