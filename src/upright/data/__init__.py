"""Where samples come from: manifest, lookup, verification, patches. The only room that downloads."""
