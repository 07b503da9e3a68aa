"""Does it treat groups and opinions even-handedly?"""
