"""Who is timed: ours and every peer, one function each, importable in any environment that has the peer.

A contestant is a function ``build(given, threads, **options) -> Run``. It imports its library and lays out its input,
which is not timed; ``Run.call`` is what is timed; ``Run.answer`` turns what came out into named arrays, not timed.
Modules of this folder import nothing but NumPy at their top, because peers live in environments without our package.
"""
