"""Does it stay safe under attack and without, and still help where help is harmless?"""
