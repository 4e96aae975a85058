#!/usr/bin/env python3
"""Cuts a small capture out of a large one, by keys, so that the small one is as true as the large one.

    cut.py --data DIR --out DIR [--share 0.04]

DIR/shop.jsonl.gz and DIR/shop.headers.jsonl.gz hold a captured Debezium stream, DIR/expected/*.csv.gz what PostgreSQL
held at its end. Taken are whole keys: about SHARE of them by a hash, and all those that a rare case hangs on (every key
whose final row took its TOASTed value over a primary-key update, chains of such updates, keys that came back after a
delete with an unavailable value in their create). The set is closed under primary-key updates: old and new key come
together. All records of a key come, in the order of the capture, with their headers.
"""
import argparse, collections, csv, gzip, hashlib, io, json, os

KEYS = {'customers': ['id'], 'orders': ['id'], 'order_lines': ['order_id', 'line_no']}
PLACEHOLDER = '__debezium_unavailable_value'


def key_of(table, text):
    fields = json.loads(text)
    return (table, *(fields[name] for name in KEYS[table]))


def share_of(key):
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:4], 'big') / 2**32


class Groups:
    """Union-find over keys: a primary-key update puts two keys into one group."""

    def __init__(self):
        self.parent = {}

    def find(self, key):
        root = key
        while self.parent.get(root, root) != root:
            root = self.parent[root]
        while self.parent.get(key, key) != key:
            self.parent[key], key = root, self.parent[key]
        return root

    def join(self, a, b):
        self.parent[self.find(a)] = self.find(b)


def main():
    a = argparse.ArgumentParser()
    a.add_argument('--data', required=True)
    a.add_argument('--out', required=True)
    a.add_argument('--share', type=float, default=0.04)
    a = a.parse_args()
    headers = {}
    for line in gzip.open(f'{a.data}/shop.headers.jsonl.gz', 'rt'):
        found = json.loads(line)
        headers[found['line']] = found['headers']
    records = [json.loads(line) for line in gzip.open(f'{a.data}/shop.jsonl.gz', 'rt')]
    groups, wanted, rare, links = Groups(), set(), collections.Counter(), collections.Counter()
    deleted, creates_absent = set(), []
    for n, record in enumerate(records):
        table = record['topic'].rsplit('.', 1)[-1]
        key = record['k'] = key_of(table, record['key'])
        for name in ('__debezium.oldkey', '__debezium.newkey'):
            if name in headers.get(n, {}):
                other = key_of(table, headers[n][name])
                groups.join(key, other)
                if name.endswith('oldkey'):
                    links[groups.find(key)] += 1
        value = record['value']
        if value is None:
            continue
        op = json.loads(value)['op']
        if op == 'd':
            deleted.add(key)
        elif op == 'c' and PLACEHOLDER in value:
            creates_absent.append((key, key in deleted))
    needs = json.load(open(f'{a.data}/expected/needs_old_key.json'))
    for need in needs:
        wanted.add(groups.find((need['table'], *(need['key'][name] for name in KEYS[need['table']]))))
    # A few of each rare case are enough; the hash brings the common ones.
    for name, keys in (
        ('needs old key', sorted(wanted)[:12]),
        ('chains', [root for root, count in links.items() if count >= 2][:8]),
        ('create with a placeholder on a key that lived before', [k for k, again in creates_absent if again][:6]),
    ):
        keys = {groups.find(key) for key in keys}
        rare[name] = len(keys)
        for key in keys:
            rare[key] = 1
    take = {key for key in {groups.find(record['k']) for record in records} if rare.get(key) or share_of(key) < a.share}
    os.makedirs(f'{a.out}/expected', exist_ok=True)
    kept = 0
    with gzip.GzipFile(f'{a.out}/shop.jsonl.gz', 'wb', 9, mtime=0) as out:
        for n, record in enumerate(records):
            if groups.find(record['k']) not in take:
                continue
            kept += 1
            line = {'topic': record['topic'], 'key': record['key'], 'value': record['value']}
            if n in headers:
                line['headers'] = headers[n]
            out.write(json.dumps(line, ensure_ascii=False, separators=(',', ':')).encode() + b'\n')
    rows = {}
    for table, names in KEYS.items():
        source = io.TextIOWrapper(gzip.open(f'{a.data}/expected/{table}.csv.gz'), encoding='utf-8', newline='')
        # Lines are copied as they are: the csv module would lose the difference between NULL and the empty text.
        with gzip.GzipFile(f'{a.out}/expected/{table}.csv.gz', 'wb', 9, mtime=0) as out:
            head = source.readline()
            out.write(head.encode())
            columns = next(csv.reader([head]))
            rows[table] = 0
            line = ''
            for part in source:
                line += part
                if line.count('"') % 2:
                    continue
                fields = next(csv.reader([line]))
                key = (table, *(int(fields[columns.index(name)]) for name in names))
                if groups.find(key) in take:
                    out.write(line.encode())
                    rows[table] += 1
                line = ''
    left = [need for need in needs
            if groups.find((need['table'], *(need['key'][name] for name in KEYS[need['table']]))) in take]
    json.dump(left, open(f'{a.out}/expected/needs_old_key.json', 'w'))
    size = os.path.getsize(f'{a.out}/shop.jsonl.gz')
    print(f'{kept} records, {size} bytes; rows {rows}; {len(left)} cells need the old key; rare: {dict((k, v) for k, v in rare.items() if isinstance(k, str))}')


if __name__ == '__main__':
    main()
