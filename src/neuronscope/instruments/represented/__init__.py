"""What does the model hold where it gives its answers, and how did these turn out?"""
