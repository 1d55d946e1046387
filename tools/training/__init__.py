"""How the built-in models are trained: recipes, the loop they share, and what is measured for their cards."""
