"""One file per benchmark; the folder is its dimension; the file's name is its id."""
