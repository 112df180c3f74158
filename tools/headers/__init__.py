"""What the public headers declare, as data, and the declarations of the bindings printed from it.

``python -m tools.headers`` from the root of a checkout; ``--help`` says what it does.
"""
