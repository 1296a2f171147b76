"""The programs that peers run in their child processes. Each is `main` of a module here.

They keep their objects in a `Store`, and import no more than their peer needs: that takes start-up
time.
"""
