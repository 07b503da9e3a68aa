"""Defenses alone, in pairs and in stacks: what they stop together that they do not stop alone."""
