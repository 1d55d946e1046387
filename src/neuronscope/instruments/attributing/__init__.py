"""What shares of an answer fall to the tokens of a prompt, or to the neurons of a layer?"""
