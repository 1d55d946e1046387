"""What neurons do through the attention heads after them, and in which words it can be said."""
