"""croissant.json, which tells loaders of MLCommons' Croissant 1.0 what the files hold."""

from collections.abc import Generator, Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import fields

from datasets.bundle.files import DataFile
from datasets.bundle.zipped import Entry, Written
from datasets.formats.schema import Kind
from datasets.models import Dataset

NAME = "croissant.json"
TYPES = {str: "sc:Text", int: "sc:Integer", float: "sc:Float", bool: "sc:Boolean"}
# the one that the specification gives
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def entry(dataset: Dataset, files: Sequence[DataFile]) -> Entry:
    """Give the file, which holds the sums of the others."""

    def pieces(written: Sequence[Written]) -> Generator[bytes]:
        yield msgspec.json.format(msgspec.json.encode(_document(dataset, files, written)), indent=2)

    unsummed = msgspec.json.encode(_document(dataset, files, ()))
    return Entry(name=NAME, version=sha256(unsummed).hexdigest(), pieces=pieces)


def _document(
    dataset: Dataset, files: Sequence[DataFile], written: Sequence[Written]
) -> dict[str, Any]:
    sums = {one.name: one for one in written}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": dataset.key,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "description": f"Reasoning traces: {dataset.name}, version {dataset.version}.",
        "version": dataset.version,
        "datePublished": dataset.created_at.date().isoformat(),
        "identifier": dataset.content_digest,
        "distribution": [_file(file, sums.get(file.name)) for file in files],
        "recordSet": [_record_set(file) for file in files],
    }


def _file(file: DataFile, written: Written | None) -> dict[str, Any]:
    sums = {"contentSize": f"{written.size} B", "sha256": written.sha256} if written else {}
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "encodingFormat": "application/jsonlines",
        **sums,
    }


def _record_set(file: DataFile) -> dict[str, Any]:
    export = file.export
    name = f"{export.fmt.name}.{file.split}"
    schema = export.fmt.schema_for(export.options)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{export.row_count} rows.",
        "field": [
            _field(f"{name}/{column}", kind, file.name, column) for column, kind in schema.items()
        ],
    }


def _field(identity: str, kind: Kind, file: str, column: str) -> dict[str, Any]:
    """Describe a column; of a list of objects, its parts."""
    repeated = {"repeated": True} if isinstance(kind, list) else {}
    inner = kind[0] if isinstance(kind, list) else kind
    source = {"fileObject": {"@id": file}, "extract": {"column": column}}
    field = {"@type": "cr:Field", "@id": identity, "name": identity, **repeated}
    if inner in TYPES:
        return {**field, "dataType": TYPES[inner], "source": source}
    return {**field, "subField": list(_parts(identity, inner, source))}


def _parts(identity: str, kind: Any, source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in fields(kind):
        yield {
            "@type": "cr:Field",
            "@id": f"{identity}/{part.name}",
            "name": f"{identity}/{part.name}",
            "dataType": TYPES[part.type],
            "source": {**source, "transform": {"jsonPath": part.name}},
        }
