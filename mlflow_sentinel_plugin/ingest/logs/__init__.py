"""Log files as a source of rows: find them, tell which is which, and read what is new in bounded memory."""
