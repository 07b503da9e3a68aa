"""One file per kind of page. Each gathers what its template shows and calls the shell."""
