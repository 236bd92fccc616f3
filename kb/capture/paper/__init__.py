"""What a PDF holds: characters, lines in reading order, title, sections, annotations.

`reading` is run as a child process by `kb.capture.pdf`, which may be killed; the other modules are pure.
"""
