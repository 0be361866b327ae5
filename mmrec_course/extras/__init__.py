"""What one lesson uses: import it from its module, which names the lesson.

This package may import every other layer; no other layer imports it when it is loaded.
"""
