"""Does what is called a pattern, a head or the residual stream hold what the model computed there?"""
