"""Answers other programs: a chat-completions server before any model.

What is served is the very model that runs measure, defenses and all; the protocol is OpenAI's, so
that clients change nothing but the address.
"""
