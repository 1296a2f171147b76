"""Commands for people: the program `storagedriver`."""
