"""What an editor asks for, one file each: the language's answers as values of the editors' protocol."""
