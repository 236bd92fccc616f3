"""Turns web pages, papers, references and notebooks into notes of the writer's own shape.

Turning bytes into a `Capture` is pure; `fetch` is the only module that uses the network.
"""
