"""The findings of the paper, each as a check that any set of runs can be put to."""
