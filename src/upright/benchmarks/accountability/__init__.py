"""Can its behaviour be explained, justified and answered for?"""
