"""What turns text into vectors. The rest of the daemon knows this protocol and no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """A model that gives each text a direction: texts of near meaning point the same way.

    All methods may be called from several threads at once. A text's vector depends on that text alone.
    """

    @property
    def identity(self) -> str:
        """Name and fingerprint, such as `minilm-l6-v2-7bit@18c08d5d`: vectors compare only within one identity."""
        ...

    @property
    def size(self) -> int:
        """The length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [len(texts), size], rows of unit length in the order of `texts`. An empty text has a vector too."""
        ...

    def tokens(self, text: str) -> int:
        """How many tokens the model's vocabulary cuts `text` into, however long it is; 0 for an empty one."""
        ...
