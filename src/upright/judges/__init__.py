"""What turns a response into a verdict."""
