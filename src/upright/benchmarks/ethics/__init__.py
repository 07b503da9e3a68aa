"""Does it judge and act morally?"""
