"""drivers/wrappers"""
