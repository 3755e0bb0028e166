"""The languages that text can be analysed in: ISO 639-1 codes. A test holds them against the index's analyzers."""

LANGUAGES = frozenset("ar da de el en es fi fr hu it nl no pt ro ru sv ta tr".split())
