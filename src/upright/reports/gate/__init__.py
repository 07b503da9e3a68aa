"""A comparison in the forms that build servers read."""
