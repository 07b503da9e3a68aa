"""Where samples come from: manifest, lookup, verification, patches; the one downloading room."""
