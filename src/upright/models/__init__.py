"""One handle on a model: answers over HTTP, from a local model, replayed, or mocked."""
