"""Peers: other ways to keep content in a child process, as subjects of the same benchmark.

Each module is one peer as its best user would have it; docs/benchmark.md says how each was tuned.
`catalogue` lists them. What runs in their child processes stands in `children`.
"""
