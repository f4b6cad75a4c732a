"""The data package behind the book: typed tables with schema, units, hash, and a source in every row.

The tables and their units are described in `data/datapackage.json` (Frictionless data package). A missing figure is an
empty value whose `status` is `missing`; nothing is filled in silently.
"""

from rutrade.data.tables import (
    STATUSES,
    Table,
    describe,
    descriptor,
    fingerprint,
    home,
    load,
    mark_used,
    names,
    sources,
    used,
)

__all__ = [
    "STATUSES",
    "Table",
    "describe",
    "descriptor",
    "fingerprint",
    "home",
    "load",
    "mark_used",
    "names",
    "sources",
    "used",
]
