#!/usr/bin/env python3
"""Checks that DuckDB and PyIceberg read the tables that Millstream's lake crate writes, and that it reads theirs.

    python3 -m venv V && V/bin/pip install duckdb==1.5.5 duckdb-extension-iceberg==1.5.5 duckdb-extension-avro==1.5.5 \
        'pyiceberg[sql-sqlite,pyarrow]==0.12.0'
    V/bin/python interop/lake/check.py

Builds the example `lake_interop` with cargo, works in a temporary folder, exits 0 if everything agrees.
"""
import datetime
import decimal
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

import duckdb
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
            import pyarrow
            scanned = scanned.set_column(ns, "ns", scanned.column(ns).cast(pyarrow.int64()))
        compare(f"PyIceberg reads {name}", {row["id"]: [row[c] for c in columns[1:]] for row in scanned.to_pylist()}, want)
        assert [s.sequence_number for s in table.metadata.snapshots] == [1, 2]


def main():
    binary = tool()
    with tempfile.TemporaryDirectory() as folder:
        ours_read_by_others(binary, folder)


if __name__ == "__main__":
    main()
