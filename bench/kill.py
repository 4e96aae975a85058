#!/usr/bin/env python3
"""kill -9 at random moments, each time restarted, half of the times without the state folder; then every cell is compared.

Some kills are placed between prepare and swap by a failpoint. What a failed attempt wrote must be gone at the end.
"""
import os, random, shutil, subprocess, sys, time
import harness


def referenced(a):
    """Every file that the tables' metadata still knows, by PyIceberg, and every file that is there."""
    script = '''
import sys, os
from pyiceberg.catalog.sql import SqlCatalog
w = os.path.abspath(sys.argv[1])
c = SqlCatalog('lake', uri=f'sqlite:///{w}/catalog.db', warehouse=f'file://{w}')
for t in ('customers', 'order_lines', 'orders'):
    table = c.load_table(('shop', t))
    print(table.metadata_location)
    for entry in table.metadata.metadata_log:
        print(entry.metadata_file)
    for s in table.metadata.snapshots:
        print(s.manifest_list)
        for m in s.manifests(table.io):
            print(m.manifest_path)
            for e in m.fetch_manifest_entry(table.io, discard_deleted=False):
                print(e.data_file.file_path)
'''
    out = subprocess.run([a.python, '-c', script, f'{a.work}/warehouse'], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.removeprefix('file://').replace('//', '/') for line in out.split('\n') if line}


def main():
    p = harness.arguments(__doc__, times=5, interval='100 ms')
    p.add_argument('--kills', type=int, default=20)
    p.add_argument('--seed', type=int, default=1)
    a = p.parse_args()
    rng = random.Random(a.seed)
    harness.fresh(a.work)
    killed = 0
    with harness.Broker(a) as broker:
        harness.load(a, broker)
        while killed < a.kills:
            failpoint = rng.choice(['after-prepare', 'before-swap', 'after-swap']) if killed % 4 == 3 else None
            more = ['--set', f'millstream.failpoint={failpoint}'] if failpoint else []
            log = open(f'{a.work}/kill-{killed}.log', 'w')
            child = subprocess.Popen(harness.command(a, broker, '--bounded', *more), cwd=a.work, stdout=subprocess.DEVNULL, stderr=log)
            try:
                child.wait(60 if failpoint else rng.uniform(0.05, 1.2))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.returncode == 0:
                print('it had caught up: the remaining kills hit nothing; use more --times')
                break
            killed += 1
            print(f'kill {killed}: {failpoint or "at random"}, exit {child.returncode}')
            if rng.random() < 0.5:
                shutil.rmtree(f'{a.work}/millstream-state', ignore_errors=True)
        figures = harness.run(a, broker)
    equal = harness.compare(a)
    known = referenced(a)
    there = {os.path.join(d, f) for d, _, fs in os.walk(f'{a.work}/warehouse/shop') for f in fs}
    left = sorted(there - known - {f for f in there if f.endswith('.metadata.json')})
    last = figures.pop('last')
    harness.record('kill', kills=killed, copies=a.times, equal=equal, left_behind=len(left), commits=last.get('commits'), **figures)
    print(*left[:20], sep='\n')
    sys.exit(0 if equal and not left else 1)


if __name__ == '__main__':
    main()
