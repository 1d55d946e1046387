"""Where does each named part of a network sit, and what does each block add to its stream?"""
