"""Does the work: plan, engine, cache, journal, store."""
