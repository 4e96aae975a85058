#!/usr/bin/env python3
"""kill -9 at random moments, each time restarted, half of the times without the state folder; then every cell is compared.

Every fourth kill is a failpoint in a commit, most of them between prepare and swap. What a failed attempt wrote must be
gone at the end. The moments are drawn from the time that is left to the job at its speed so far, shared among the kills that
are left: so it never catches up before the last of them, however fast the machine is.
"""
import json, os, random, shutil, subprocess, sys
import harness

LONGEST_S = 1.2  # of a life
STARTUP_S = 0.05  # before that nothing has happened


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


def life(progress, kills_left, before):
    """The longest that the next lives may be, from how far this one came."""
    lines = []
    for line in open(progress):
        try:
            lines.append(json.loads(line))
        except ValueError:
            pass  # cut off by the kill
    lines = [line for line in lines if line['records']]
    if not lines or not kills_left:
        return before
    last = lines[-1]
    rate = last['records'] / max(last['elapsed_ms'] / 1000 - STARTUP_S, 0.05)
    return min(LONGEST_S, last['lag'] / rate / kills_left)


def spans(a):
    """Holds each table's history to: one line of commits, each beginning where the one before it ended, none twice. The
    commits, and the records that the last of each table stands behind."""
    script = '''
import json, os, sys
from pyiceberg.catalog.sql import SqlCatalog
w = os.path.abspath(sys.argv[1])
c = SqlCatalog('lake', uri=f'sqlite:///{w}/catalog.db', warehouse=f'file://{w}')
commits = records = 0
for t in ('customers', 'order_lines', 'orders'):
    m = c.load_table(('shop', t)).metadata
    line, at = [], m.current_snapshot()
    while at:
        line.append(at)
        at = m.snapshot_by_id(at.parent_snapshot_id) if at.parent_snapshot_id else None
    assert len(line) == len(m.snapshots), f'{t}: {len(m.snapshots)} snapshots, {len(line)} of them in one line'
    stands, ids = {}, set()
    for s in reversed(line):
        summary = s.summary.additional_properties
        ids.add(summary['millstream.commit'])
        to = {p: carried['to'] for p, carried in json.loads(summary['millstream.positions']).items()}
        assert all(to[p] >= stands[p] for p in stands), f'{t}: {s.snapshot_id} goes back: {stands} -> {to}'
        assert to != stands, f'{t}: {s.snapshot_id} commits what was committed'
        stands = to
    assert len(ids) == len(line), f'{t}: a commit is there twice'
    commits += len(line)
    records += sum(stands.values())
print(json.dumps([commits, records]))
'''
    return json.loads(subprocess.run([a.python, '-c', script, f'{a.work}/warehouse'], check=True, stdout=subprocess.PIPE, text=True).stdout)


def main():
    p = harness.arguments(__doc__, times=5, interval='100 ms')
    p.add_argument('--kills', type=int, default=20)
    p.add_argument('--seed', type=int, default=1)
    a = p.parse_args()
    rng = random.Random(a.seed)
    harness.fresh(a.work)
    killed = 0
    with harness.Broker(a) as broker:
        loaded = harness.load(a, broker)['records']
        state_gone = [n % 2 == 0 for n in range(a.kills)]
        rng.shuffle(state_gone)
        failpoints = 0
        longest = LONGEST_S / 2
        while killed < a.kills:
            failpoint = rng.choice(['after-prepare', 'before-swap', 'after-swap']) if killed % 4 == 3 else None
            more = ['--set', f'millstream.failpoint={failpoint}'] if failpoint else []
            log = open(f'{a.work}/kill-{killed}.log', 'w')
            progress = f'{a.work}/kill-{killed}.jsonl'
            with open(progress, 'w') as out:
                child = subprocess.Popen(harness.command(a, broker, '--bounded', *more), cwd=a.work, stdout=out, stderr=log)
            try:
                child.wait(120 if failpoint else rng.uniform(STARTUP_S, max(longest, 2 * STARTUP_S)))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.returncode == 0:
                sys.exit('it had caught up: the remaining kills would hit nothing; use more --times')
            if failpoint and child.returncode == -9:
                sys.exit(f'the failpoint {failpoint} was never reached')
            killed += 1
            failpoints += failpoint is not None
            longest = life(progress, a.kills - killed, longest)
            gone = state_gone[killed - 1]
            print(f'kill {killed}: {failpoint or "at random"}, exit {child.returncode}, state {"deleted" if gone else "kept"}, then at most {longest:.2f} s')
            if gone:
                shutil.rmtree(f'{a.work}/millstream-state', ignore_errors=True)
        figures = harness.run(a, broker)
    equal = harness.compare(a)
    known = referenced(a)
    there = {os.path.join(d, f) for d, _, fs in os.walk(f'{a.work}/warehouse/shop') for f in fs}
    left = sorted(there - known - {f for f in there if f.endswith('.metadata.json')})
    commits, records = spans(a)
    figures.pop('last')
    harness.record('kill', kills=killed, at_failpoints=failpoints, state_deleted=sum(state_gone), copies=a.times, interval=a.interval, records=records,
                   equal=equal, left_behind=len(left), commits=commits, last_run=figures)
    print(*left[:20], sep='\n')
    if records != loaded:
        print(f'the tables stand behind {records} records of {loaded}')
    sys.exit(0 if equal and not left and records == loaded else 1)


if __name__ == '__main__':
    main()
