"""How large is an effect, and beside what?"""
