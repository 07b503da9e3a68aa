"""What reaches the disk: the journal, the cache, a run's folder and its tables."""
