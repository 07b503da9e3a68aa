"""One file or folder per method that changes weights: weights in, weights out."""
