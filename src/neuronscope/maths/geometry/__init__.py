"""How are many vectors arranged: groups, pictures, shared dimensions, sparsity and correlation?"""
