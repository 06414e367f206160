"""What it shows: the JSON documents, the metrics, the pages and the report.

Everything here is made from the last ``Result`` (or an ``Inspection``) when somebody asks. Nothing
here looks at the world or keeps anything.
"""
