"""drivers/executables"""
