"""Others who ask in the run's place: processes of this machine, or actors of a Ray cluster."""
