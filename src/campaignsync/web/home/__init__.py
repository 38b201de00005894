"""Home: is it well?"""
