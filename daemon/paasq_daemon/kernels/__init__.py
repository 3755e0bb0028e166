"""What the functions and operators of the language compute, over whole columns."""
