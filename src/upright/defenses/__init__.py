"""One file per inference-time defense: model in, model out."""
