#!/usr/bin/env python3
"""Where the cycles of the main job go: samples of all its threads, each counted for the innermost of our modules on its stack.

So copying, allocating, page faults, checksums and codecs count for the stage that asked for them. Needs Linux' perf and a
release binary with its symbols (the profile `release` keeps them). By default the CPU clock is sampled, which every virtual
machine has; --event cycles counts cycles where there are counters. Prints a table in Markdown with the innermost functions
of each stage, and appends a line to bench/results/profile.jsonl.
"""
import collections, re, subprocess, sys
import harness

# From the innermost frame outwards, the first frame that one of these fits names the stage.
STAGES = [
    ('inflate the batches', r'kafka_wire::codec'),
    ('find the records in them', r'kafka_wire::records'),
    ('fetch: sockets, protocol, tokio', r'kafka_client|kafka_wire|tokio|mio::'),
    ('JSON to columns', r'formats::'),
    ('expressions', r'eval::'),
    ('Parquet files', r'parquet::|lake::parquet'),
    ('key index, deletion vectors', r'lake::(index|deletion|puffin|vector)|roaring'),
    ('keep, sort and spill rows', r'lake::run'),
    ('commit: the rest', r'lake::|sqlite'),
    ('hand over: batches, steps', r'connect::|flow::|rows::|arrow_'),
    ('ledger', r'ledger::'),
]
REST = 'start, progress, unknown'


def stage(frames):
    for frame in frames:
        for name, pattern in STAGES:
            if re.search(pattern, frame):
                merging = name.startswith('keep') and any('commit::prepare' in outer for outer in frames)
                return 'prepare: merge what was kept' if merging else name
    return REST


def samples(data):
    """(thread, frames from the innermost outwards) of every sample"""
    script = subprocess.Popen(['perf', 'script', '-i', data, '--no-inline', '-F', 'comm,ip,sym'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    thread, frames = None, []
    for line in script.stdout:
        if not line.strip():
            if thread:
                yield thread, frames
            thread, frames = None, []
        elif thread is None:
            thread = line.strip()
        else:
            frames.append(line.strip().split(' ', 1)[-1])
    if thread:
        yield thread, frames
    script.wait()


def main():
    p = harness.arguments(__doc__, times=5)
    p.add_argument('--event', default='cpu-clock')
    p.add_argument('--frequency', type=int, default=997)
    p.add_argument('--top', type=int, default=3, help='functions shown of each stage')
    a = p.parse_args()
    harness.fresh(a.work)
    data = f'{a.work}/perf.data'
    with harness.Broker(a) as broker:
        records = harness.load(a, broker)['records']
        plain = harness.run(a, broker, cwd=harness.fresh(f'{a.work}/plain'))
        out = open(f'{a.work}/sampled.log', 'w')
        call = ['perf', 'record', '-q', '-e', a.event, '-F', str(a.frequency), '--call-graph', 'dwarf,16384', '-o', data, '--', *harness.command(a, broker, '--bounded')]
        done = subprocess.run(call, cwd=harness.fresh(f'{a.work}/sampled'), stdout=out, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f'the job failed with {done.returncode}:\n' + open(out.name).read()[-4000:])
    stages, threads, functions = collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter)
    for thread, frames in samples(data):
        name = stage(frames)
        stages[name] += 1
        threads[thread] += 1
        functions[name][re.sub(r'::h[0-9a-f]{16}$', '', frames[0] if frames else '?')] += 1
    total = sum(stages.values())
    # Sampling has its cost, so the shares are of the sampled run and the time is of one without.
    ns = {name: round(count / total * plain['cpu_s'] * 1e9 / records) for name, count in stages.items()}
    print(f'{records} records, {a.codec}, {total} samples, {plain["cpu_s"]} CPU-s without sampling\n\n| stage | share | ns a record | innermost functions, % of all |\n|---|---|---|---|')
    for name, count in stages.most_common():
        top = ', '.join(f'`{symbol[:60]}` {100 * n / total:.1f}' for symbol, n in functions[name].most_common(a.top))
        print(f'| {name} | {100 * count / total:.1f} % | {ns[name]} | {top} |')
    harness.record('profile', copies=a.times, records=records, codec=a.codec, interval=a.interval, memory=a.memory, threads=a.threads, event=a.event, samples=total,
                   cpu_s=plain['cpu_s'], shares={name: round(100 * count / total, 1) for name, count in stages.most_common()}, ns_per_record=ns,
                   by_thread={name: round(100 * count / total, 1) for name, count in threads.most_common()})


if __name__ == '__main__':
    main()
