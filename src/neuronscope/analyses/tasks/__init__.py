"""Can the model do it?"""
