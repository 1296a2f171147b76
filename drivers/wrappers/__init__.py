"""Drivers around drivers: each file is one wrapper, and each wrapper is a full StorageDriver."""
