"""Warm kernels: notebooks' processes forked from one that has the imports loaded, instead of started each on its own.

This package imports nothing of the library: whoever asks for a kernel should not have to load it.
"""
