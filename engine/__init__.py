"""Orchestration around libsnn: the model compiler, the native binding, devices and the command line.

Importing this package loads nothing; each part is imported by its own name.
"""
