"""The language once more, slowly: a backend of plain Python over lists of dicts, to hold the engine against."""
