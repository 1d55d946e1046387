"""What answering is made of: questions and replies, the passes that score and write, what is kept."""
