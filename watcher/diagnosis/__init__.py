"""Why a job is not healthy.

Between a custom resource and a sample lies a chain of links, each of which can break. A rule looks
at one way in which one link breaks. Rules are pure: they get a case, read the facts that they said
they need, and answer with a finding or with None. ``rules`` holds the causes of a loss, ``risks``
what will be one: one file each, found by walking; there is no list to edit.
"""
