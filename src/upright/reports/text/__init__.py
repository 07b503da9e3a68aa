"""Tables for the terminal. Every text of a run is untrusted."""
