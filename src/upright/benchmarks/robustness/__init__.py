"""Does it keep its quality when inputs are noisy or unusual?"""
