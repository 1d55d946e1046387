"""What happens to the answer when a part is swapped."""
