"""Model cards, and which items of public frameworks a run gives evidence for."""
