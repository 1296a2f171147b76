"""A soak: many threads of mixed calls on a driver that is killed again and again, held to a model.

Run it as `python -m storagedriver.benchmarks.soak`; `run` is where it begins.
"""
