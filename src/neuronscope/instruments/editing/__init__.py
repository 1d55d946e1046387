"""What becomes of answers when chosen neurons are turned up or down?"""
