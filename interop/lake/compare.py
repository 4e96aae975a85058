#!/usr/bin/env python3
"""Reads a warehouse with DuckDB and with PyIceberg and compares every cell with PostgreSQL's own dump.

    compare.py --warehouse DIR --expected DIR [--catalog lake] [--namespace shop]

DIR/catalog.db is the SQLite catalog. EXPECTED/TABLE.csv.gz is PostgreSQL's COPY ... CSV HEADER (an unquoted empty field
is NULL). Cells named in EXPECTED/needs_old_key.json may be NULL instead. Exit 0 only if nothing else differs.
"""
import argparse, csv, decimal, datetime, glob, gzip, io, json, os, sqlite3, sys

import duckdb
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

KEYS = {'customers': ['id'], 'orders': ['id'], 'order_lines': ['order_id', 'line_no']}


def cells(line):
    """One CSV record as PostgreSQL writes it: NULL (unquoted and empty) as None."""
    out, at = [], 0
    while at <= len(line):
        if line[at:at + 1] == '"':
            end = at + 1
            while True:
                end = line.index('"', end)
                if line[end + 1:end + 2] != '"':
                    break
                end += 2
            out.append(line[at + 1:end].replace('""', '"'))
            at = end + 2
        else:
            end = line.find(',', at)
            end = len(line) if end < 0 else end
            out.append(line[at:end] or None)
            at = end + 1
    return out


def expected_rows(path):
    source = io.TextIOWrapper(gzip.open(path), encoding='utf-8', newline='')
    names, line = cells(source.readline().rstrip('\n')), ''
    for part in source:
        line += part
        if line.count('"') % 2:
            continue
        yield dict(zip(names, cells(line.rstrip('\n'))))
        line = ''


def text(value):
    """A value as PostgreSQL prints it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return 't' if value else 'f'
    if isinstance(value, datetime.datetime):
        zone = '+00' if value.tzinfo else ''
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None) if value.tzinfo else value
        whole = value.strftime('%Y-%m-%d %H:%M:%S')
        fraction = f'.{value.microsecond:06}'.rstrip('0') if value.microsecond else ''
        return whole + fraction + zone
    return format(value, 'f') if isinstance(value, decimal.Decimal) else str(value)


def compare(table, found, names, expected, may_be_null):
    """Differences as text; the number of cells compared; how many wait for their old key."""
    key = KEYS[table]
    have, wrong, count, waiting = {}, [], 0, 0
    for row in found:
        row = dict(zip(names, map(text, row)))
        at = tuple(row[name] for name in key)
        if at in have:
            wrong.append(f'{table} {at}: twice')
        have[at] = row
    for want in expected:
        at = tuple(want[name] for name in key)
        row = have.pop(at, None)
        if row is None:
            wrong.append(f'{table} {at}: missing')
            continue
        for name, value in want.items():
            count += 1
            if row.get(name) == value:
                continue
            if row.get(name) is None and (at, name) in may_be_null:
                waiting += 1
                continue
            wrong.append(f'{table} {at} {name}: {row.get(name)!r:.60} instead of {value!r:.60}')
    wrong += [f'{table} {at}: not in PostgreSQL' for at in have]
    return wrong, count, waiting


def main():
    a = argparse.ArgumentParser()
    a.add_argument('--warehouse', required=True)
    a.add_argument('--expected', required=True)
    a.add_argument('--catalog', default='lake')
    a.add_argument('--namespace', default='shop')
    a = a.parse_args()
    warehouse = os.path.abspath(a.warehouse)
    needs = {}
    for need in json.load(open(f'{a.expected}/needs_old_key.json')):
        at = tuple(str(need['key'][name]) for name in KEYS[need['table']])
        needs.setdefault(need['table'], set()).update((at, column) for column in need['columns'])
    catalog = SqlCatalog(a.catalog, uri=f'sqlite:///{warehouse}/catalog.db', warehouse=f'file://{warehouse}')
    duck = duckdb.connect()
    for extension in ('avro', 'iceberg'):
        package = __import__(f'duckdb_extension_{extension}')
        path, = glob.glob(os.path.join(os.path.dirname(package.__file__), '**', '*.duckdb_extension'), recursive=True)
        duck.execute(f"LOAD '{path}'")
    duck.execute("SET TimeZone='UTC'")
    failed, total = 0, 0
    for path in sorted(glob.glob(f'{a.expected}/*.csv.gz')):
        name = os.path.basename(path)[:-len('.csv.gz')]
        table = catalog.load_table((a.namespace, name))
        arrow = table.scan().to_arrow()
        columns = arrow.column_names
        location = table.metadata_location.removeprefix('file://')
        by_duck = duck.execute(f"SELECT {', '.join(columns)} FROM iceberg_scan('{location}')").fetchall()
        by_pyiceberg = zip(*(column.to_pylist() for column in arrow.columns)) if columns else []
        for reader, found in (('duckdb', by_duck), ('pyiceberg', by_pyiceberg)):
            wrong, count, waiting = compare(name, found, columns, expected_rows(path), needs.get(name, set()))
            total += count
            failed += len(wrong)
            print(f'{reader} {name}: {len(wrong)} of {count} cells differ, {waiting} wait for their old key')
            for line in wrong[:10]:
                print('  ' + line)
    print(f'{0 if failed else 1} passed, {1 if failed else 0} failed')
    sys.exit(1 if failed or not total else 0)


if __name__ == '__main__':
    main()
