"""Everything derived from the store: columns, vectors and full text, rebuildable at any time."""
