#!/usr/bin/env python3
"""Checks that DuckDB and PyIceberg read the tables that Millstream's lake crate writes, and that it reads theirs.

    python3 -m venv V && V/bin/pip install duckdb==1.5.5 duckdb-extension-iceberg==1.5.5 duckdb-extension-avro==1.5.5 \
        'pyiceberg[sql-sqlite,pyarrow]==0.12.0'
    V/bin/python interop/lake/check.py

Builds the example `lake_interop` with cargo, works in a temporary folder, exits 0 if everything agrees.
"""
import csv
import datetime
import decimal
import importlib.util
import io
import os
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import pyarrow
from pyiceberg.catalog.sql import SqlCatalog

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = ["id", "tiny", "flag", "f", "d", "price", "huge", "name", "raw", "fix", "day", "at", "ts", "tz", "ns"]


def tool():
    subprocess.run(["cargo", "build", "-q", "-p", "millstream-lake", "--example", "lake_interop"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "examples" / "lake_interop"


def database():
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("avro", "iceberg"):
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        files = list(pathlib.Path(spec.origin).parent.rglob(f"v{duckdb.__version__}/{name}.duckdb_extension"))
        db.execute(f"LOAD '{files[0]}'")
    db.execute("SET TimeZone = 'UTC'")
    return db


def catalog(folder):
    return SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")


def expected(version):
    """The rows that `lake_interop make` leaves in a table."""
    base = datetime.datetime(2019, 3, 31, 0, 21, 34, 640488)
    rows = {}
    for i in range(2500):
        if i % 5 == 0 and not 10 <= i < 20:
            continue
        micros = i * 1_000_001
        ts = base + datetime.timedelta(microseconds=micros)
        cells = [i % 100, i % 2 == 0, i / 4, i * 1e14, decimal.Decimal(i * -101).scaleb(-2),
                 decimal.Decimal(i) * decimal.Decimal(10) ** 20, f'name "{i}", ä\nline', bytes([i % 256] * (i % 5)), i.to_bytes(4, "big"),
                 datetime.date(1970, 1, 1) + datetime.timedelta(days=i - 500),
                 (datetime.datetime.min + datetime.timedelta(microseconds=micros)).time(), ts,
                 (base - datetime.timedelta(microseconds=micros)).replace(tzinfo=datetime.timezone.utc)]
        if version == 3:
            cells.append(((ts - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)) * 1000 + 7)
        rows[i] = [None] * len(cells) if i % 7 == 3 else cells
    return rows


def compare(what, got, want):
    for key in sorted(set(got) | set(want)):
        if got.get(key) != want.get(key):
            sys.exit(f"{what}: row {key}: {got.get(key)} instead of {want.get(key)}")
    print(f"{what}: {len(want)} rows agree")


def ours_read_by_others(binary, folder):
    subprocess.run([binary, "make", folder], check=True)
    lake = catalog(folder)
    for version in (2, 3):
        name, want = f"v{version}", expected(version)
        columns = COLUMNS if version == 3 else COLUMNS[:-1]
        table = lake.load_table(("shop", name))
        metadata = table.metadata_location
        # Without pytz the duckdb package cannot hand out a TIMESTAMPTZ, and Python has no nanoseconds.
        special = {"tz": 'make_timestamp(epoch_us("tz"))', "ns": 'epoch_ns("ns")'}
        select = ", ".join(special.get(column, f'"{column}"') for column in columns)
        rows = database().execute(f"SELECT {select} FROM iceberg_scan('{metadata}')").fetchall()
        got = {row[0]: list(row[1:]) for row in rows}
        for row in got.values():
            row[12] = row[12] and row[12].replace(tzinfo=datetime.timezone.utc)
        compare(f"DuckDB reads {name}", got, want)
        scanned = table.scan().to_arrow()
        ns = scanned.schema.get_field_index("ns")
        if ns >= 0:
            scanned = scanned.set_column(ns, "ns", scanned.column(ns).cast(pyarrow.int64()))
        compare(f"PyIceberg reads {name}", {row["id"]: [row[c] for c in columns[1:]] for row in scanned.to_pylist()}, want)
        # Bounds of files may skip files, not rows.
        for wanted in (3, 11, 1499, 2499):
            got = database().execute(f"SELECT id FROM iceberg_scan('{metadata}') WHERE id = {wanted}").fetchall()
            assert got == [(wanted,)], got
            assert table.scan(row_filter=f"id = {wanted}").to_arrow()["id"].to_pylist() == [wanted]
        assert [s.sequence_number for s in table.metadata.snapshots] == [1, 2]


def dumped(binary, folder, namespace, table):
    """The rows as our reader prints them, by the first column."""
    text = subprocess.run([binary, "dump", folder, namespace, table], check=True, capture_output=True, text=True).stdout
    header, *records = csv.reader(io.StringIO(text))
    return {int(record[0]): dict(zip(header, record)) for record in records}


def theirs_read_by_us(binary, folder):
    """PyIceberg makes tables, changes their schema, appends, deletes, and goes on with tables that we have changed."""
    lake = catalog(folder)
    lake.create_namespace_if_not_exists("theirs")
    columns = pyarrow.schema([pyarrow.field("id", pyarrow.int64(), False), ("name", pyarrow.string()), ("n", pyarrow.int32())])
    rows = lambda ids: pyarrow.table({"id": ids, "name": [f"name {i}" for i in ids], "n": [i % 100 for i in ids]}, schema=columns)
    table = lake.create_table("theirs.people", columns, properties={"write.parquet.compression-codec": "snappy"})
    table.append(rows(list(range(5000))))
    table.append(rows(list(range(5000, 6000))))
    table.delete("n = 17")
    want = {i: {"id": str(i), "name": f"name {i}", "n": str(i % 100)} for i in range(6000) if i % 100 != 17}
    compare("Millstream reads a table of PyIceberg", dumped(binary, folder, "theirs", "people"), want)
    subprocess.run([binary, "append", folder, "theirs", "people"], check=True)
    again = lake.load_table("theirs.people")
    with again.update_schema() as update:
        update.rename_column("name", "title")
    again.append(rows([9000]).rename_columns(["id", "title", "n"]))
    got = {row["id"]: row["title"] for row in again.scan().to_arrow().to_pylist()}
    expected_now = {i: f"name {i}" for i in want} | {-1: None, 9000: "name 9000"}
    compare("PyIceberg goes on with what Millstream appended", got, expected_now)
    ours = {i: row["title"] or None for i, row in dumped(binary, folder, "theirs", "people").items()}
    compare("Millstream reads what PyIceberg went on with", ours, expected_now)
    # A table of ours, appended to by PyIceberg.
    table = lake.load_table(("shop", "v2"))
    table.append(table.scan(row_filter="id = 1").to_arrow().set_column(0, table.schema().as_arrow().field("id"), pyarrow.array([100_001])))
    ids = set(dumped(binary, folder, "shop", "v2"))
    compare("Millstream reads its table after PyIceberg appended", {i: 1 for i in ids}, {i: 1 for i in [*expected(2), 100_001]})


def main():
    binary = tool()
    with tempfile.TemporaryDirectory() as folder:
        ours_read_by_others(binary, folder)
        theirs_read_by_us(binary, folder)


if __name__ == "__main__":
    main()
