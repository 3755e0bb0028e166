"""Functions over bytes."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("base64_encode", "bytes -> text; string -> text", "The bytes, or those of a text in UTF-8, as text in base64.",
             'base64_encode("paasq") == "cGFhc3E="'),
    function("base64_decode", "string -> bytes", "The bytes that a text in base64 encodes; null where it is none.",
             'size_bytes(base64_decode("cGFhc3E=")) == 5'),
    function("size_bytes", "bytes -> int; string -> int", "How many bytes there are, of a text in UTF-8.",
             'size_bytes("naïve") == 6'),
    function("sha256", "bytes -> text; string -> text",
             "The SHA-256 digest of the bytes, or of a text in UTF-8, as 64 hexadecimal digits.",
             'left(sha256("paasq"), 8) == "5ec6becf"'),
)  # fmt: skip
