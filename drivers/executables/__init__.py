"""The programs that serve this project's drivers to a host: one small file for each driver."""
