"""How the shipped judges were made: rows, recipe, validation, table."""
