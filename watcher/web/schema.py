"""The JSON schema of every document, made from the shapes: ``docs/schema-v1.json``."""

import inspect
from typing import Any

import msgspec

from watcher.web.expect_document import ExpectDocument, PreviewDocument
from watcher.web.report_document import IncidentsDocument, InspectionDocument
from watcher.web.shapes import AuditDocument, JobsDocument
from watcher.web.snapshot_document import DifferenceDocument, SnapshotDocument


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12; a document must be one of its top-level shapes, with no key more or less."""
    tops, shapes = msgspec.json.schema_components(
        (
            JobsDocument,
            AuditDocument,
            InspectionDocument,
            IncidentsDocument,
            ExpectDocument,
            PreviewDocument,
            SnapshotDocument,
            DifferenceDocument,
        ),
        ref_template="#/$defs/{name}",
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The JSON of watcher, version 1",
        "anyOf": list(tops),
        "$defs": {name: _unindented(shape) for name, shape in sorted(shapes.items())},
    }


def _unindented(shape: dict[str, Any]) -> dict[str, Any]:
    """The docstring as every Python has it; before 3.13 its lines keep their indentation."""
    if "description" not in shape:
        return shape
    return shape | {"description": inspect.cleandoc(shape["description"])}
