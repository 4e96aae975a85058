#!/usr/bin/env python3
"""Writes crates/lake/tests/data/pyiceberg: small tables as PyIceberg makes them. Needs what check.py needs.

    evolved      rows 1, 2; then a column is added, another renamed and an int widened; then rows 3, 4
    deleted      rows 1 to 5 in two appends, then rows 1 and 4 deleted (copy on write)
    partitioned  rows 1 to 3, partitioned by id

Row N has name 'name N', row 3 has NULL. Locations are absolute, so all is written under /tmp/millstream-fixture.
"""
import pathlib
import shutil

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, StringType

WORK = pathlib.Path("/tmp/millstream-fixture")
DATA = pathlib.Path(__file__).resolve().parents[2] / "crates/lake/tests/data/pyiceberg"


def rows(ids, small="int32", name="name"):
    schema = pyarrow.schema([pyarrow.field("id", pyarrow.int64(), False), (name, pyarrow.string()), ("small", small)])
    names = [None if i == 3 else f"name {i}" for i in ids]
    return pyarrow.table({"id": ids, name: names, "small": ids}, schema=schema)


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.rmtree(DATA, ignore_errors=True)
    WORK.mkdir()
    catalog = SqlCatalog("lake", uri=f"sqlite:///{WORK}/catalog.db", warehouse=f"file://{WORK}/warehouse")
    catalog.create_namespace("made")

    table = catalog.create_table("made.evolved", rows([1], name="title").schema)
    table.append(rows([1, 2], name="title"))
    with table.update_schema() as update:
        update.rename_column("title", "name")
        update.update_column("small", LongType())
        update.add_column("extra", StringType())
    table.append(rows([3, 4], "int64").append_column("extra", pyarrow.array(["x", "y"])))

    table = catalog.create_table("made.deleted", rows([1]).schema)
    table.append(rows([1, 2, 3]))
    table.append(rows([4, 5]))
    table.delete("id in (1, 4)")

    table = catalog.create_table("made.partitioned", rows([1]).schema)
    with table.update_spec() as update:
        update.add_field("id", IdentityTransform())
    table.append(rows([1, 2, 3]))

    catalog.engine.dispose()
    shutil.copytree(WORK, DATA)
    shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
