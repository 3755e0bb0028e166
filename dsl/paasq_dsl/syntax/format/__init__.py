"""The formatter: a tree or its tokens, laid out as text."""
