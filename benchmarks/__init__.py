"""Benchmarks: the same work done by several subjects in one interleaved run, and how they compare.

A subject is anything that stores content by key; a storage driver in this process and one in a
process of its own are two. docs/benchmark.md says what each figure means.
"""
