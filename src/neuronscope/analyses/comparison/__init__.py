"""How do two models differ, or one model at two moments of its training?"""
