"""Files of records, read in bounded memory: every record, or the line that could not be read and why."""
