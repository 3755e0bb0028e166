"""The bundled model gives every processor the same vectors: those of vectors.npz, within 0.001 in cosine.

`python tests/embed/test_processors.py` writes that file anew after a change of the model.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paasq_daemon.embed.minilm import MiniLM

KEPT = Path(__file__).parent / "vectors.npz"
APART_MAX = 1e-3
EMULATED_TEXTS = 12  # the short ones come first; a text of 200 tokens takes seconds in an emulator
TEXTS = [
    "water", "", "the", "😀 ok", "日本語のテキスト", "Größe und Gewicht", "1234 5678", "rent due on Friday",
    "call Ana about the lease", "What helps me sleep?", "def f(x): return x + 1", "what similarity laws must be obeyed",
    "\ud800", "x" * 300, "A mill grinds grain between two stones. " * 8, "Wind turns the sails; a storm may tear them off. " * 40,
]  # fmt: skip


def apart(vectors: NDArray[np.float32], count: int) -> float:
    """The largest 1 - cosine to the kept vectors."""
    kept = np.load(KEPT)["vectors"][:count]
    return float((1 - (vectors.astype(np.float64) * kept).sum(1)).max())


def test_this_processor_gives_the_kept_vectors() -> None:
    assert apart(MiniLM(threads=1).embed(TEXTS), len(TEXTS)) < APART_MAX


@pytest.mark.parametrize("processor", ["Nehalem"])  # neither AVX nor FMA: floats are added in another order
def test_an_emulated_processor_gives_the_kept_vectors(tmp_path: Path, processor: str) -> None:
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        pytest.skip("qemu-user is not installed: make test-system installs it")
    made = tmp_path / "vectors.npz"
    program = [sys.executable, __file__, str(made), str(EMULATED_TEXTS)]
    subprocess.run([emulator, "-cpu", processor, *program], check=True, timeout=300)
    assert apart(np.load(made)["vectors"], EMULATED_TEXTS) < APART_MAX


if __name__ == "__main__":
    path, count = (*sys.argv[1:], str(len(TEXTS)))[:2] if len(sys.argv) > 1 else (str(KEPT), str(len(TEXTS)))
    np.savez(path, vectors=MiniLM(threads=1).embed(TEXTS[: int(count)]))
