"""Archives: everything of a store in one file, as plain JSON lines and arrays that a new store takes back."""
