"""What happens to whom: doses, adherence, keyed draws, diets and populations.

``draws`` makes every random number from a key. ``regimen`` reads what was prescribed into ``records``, ``schedule``
turns them into single administrations and steady states, ``doses`` hands those out to subjects, and ``adherence`` says
which are missed.
"""
