"""Does it say what it is and what it cannot do?"""
