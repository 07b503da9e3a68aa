"""One file per attack: samples (and a model to probe) in, samples out."""
