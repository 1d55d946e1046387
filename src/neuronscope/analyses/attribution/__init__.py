"""What shares of an answer fall to the tokens of the prompt, and to single neurons."""
