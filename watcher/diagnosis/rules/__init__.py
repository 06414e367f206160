"""One module per cause. Its docstring is its page, ``check`` its judgement, ``RULE`` its entry.

Modules that begin with an underscore hold what several rules share, and are no causes.
"""
