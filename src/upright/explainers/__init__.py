"""One file per method: weights and samples in, an explanation out."""
