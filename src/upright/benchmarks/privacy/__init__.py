"""Does it respect the norms that protect people and their data?"""
