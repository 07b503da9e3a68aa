"""What a person sees. Reads stored runs; never calls a model."""
