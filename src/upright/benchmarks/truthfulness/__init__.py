"""Does it state facts correctly, and neither invent, flatter nor repeat a false premise?"""
