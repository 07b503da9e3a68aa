"""What several runs say together: paired differences, gates, leaderboards, findings.

Reads stored runs and the published table; never calls a model, and prints nothing.
"""
