"""What happens to whom: doses, adherence, keyed draws, diets and populations.

``draws`` makes every random number from a key, ``regimen`` holds what was prescribed, ``adherence`` what is missed,
``schedule`` turns a regimen into single administrations and steady states, ``doses`` hands them out to subjects.
"""
