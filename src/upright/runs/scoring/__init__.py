"""From answers to numbers: verdicts, estimates, corrections, and their verification."""
