"""What happens while a model writes: streams of frames, steered, recorded and replayed."""
