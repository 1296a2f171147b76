"""The drivers of this project, wrappers around any driver, and the factory that finds them.

A driver executable imports one driver from here, so this package imports nothing.
"""
