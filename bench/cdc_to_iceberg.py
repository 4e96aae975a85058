#!/usr/bin/env python3
"""Rows per core-second, peak memory and bytes written of the main job, beside Flink and Spark, all from one real Kafka.

The same copies, cores and commit interval for all; five copies or more, since short runs of a JVM are mostly start-up. The
engines take turns, so that what else the machine does meets all of them. CPU seconds are of the whole process tree from its
start to its end (compiling at run time and start-up included, the broker not); memory is the largest sum of resident memory
over the tree (peers, sampled every 100 ms) or VmHWM (Millstream, one process). One judge compares all tables with PostgreSQL's
dump: cdc/compare.py of --tools. Spark commits a micro-batch at a time and has no interval while it catches up: --spark-batch.

--engines millstream --interval '1 s' repeats ours with more commits; --embedded reads from the embedded broker.
"""
import json, os, subprocess, sys
import harness

ENGINES = ('millstream', 'flink', 'spark')


def tree_bytes(path):
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(path) for f in fs)


def judged(compared, warehouse):
    """What the judge says of the tables, and how large they are."""
    tables = compared['tables'].values()
    return {'table_rows': compared['rows'], 'wrong_rows': compared['wrong_rows'], 'snapshots': [t['snapshots'] for t in tables],
            'reasons': {f'{name} {reason}': n for name, t in compared['tables'].items() for reason, n in t['reasons'].items()},
            'warehouse_mib': round(tree_bytes(warehouse) / 2**20, 1)}


def millstream(a, broker, work):
    figures = harness.run(a, broker, cwd=work)
    figures.pop('last')
    done = subprocess.run([a.python, f'{a.tools}/peers/cdc/compare.py', '--data', a.data, '--warehouse', f'{work}/warehouse', '--times', str(a.times)],
                          check=True, stdout=subprocess.PIPE, text=True)
    return {'setting': f'--memory {a.memory} --threads {a.threads}', **figures, **judged(json.loads(done.stdout), f'{work}/warehouse')}


def peer(a, broker, work, name):
    own = ['--interval', a.interval.replace(' ', ''), '--format-version', str(a.flink_format)] if name == 'flink' else ['--batch', str(a.spark_batch)]
    child = subprocess.Popen([f'{a.tools}/peers/cdc/{name}/run.sh', '--bootstrap', broker.bootstrap, '--data', a.data, '--times', str(a.times), '--cores',
                              str(a.threads), '--heap', a.heap, '--dir', work, '--keep', *own], stdout=subprocess.PIPE, text=True)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        return {'failed': child.returncode}
    said = json.loads(out.strip().split('\n')[-1])
    # The judge is part of run.sh; it writes next to nothing.
    return {'version': said['version'], 'setting': said['setting'], 'wall_s': said['wall_s'], 'cpu_s': said['cpu_s'], 'peak_rss_mib': said['peak_rss_mib'],
            'written_mib': round(usage.ru_oublock / 2048, 1), **judged(json.load(open(f'{work}/compare.json')), f'{work}/warehouse')}


def main():
    p = harness.arguments(__doc__, times=5, threads=2)
    p.add_argument('--engines', default=','.join(ENGINES))
    p.add_argument('--runs', type=int, default=3)
    p.add_argument('--heap', default='1g', help='-Xmx of the peers')
    p.add_argument('--flink-format', type=int, default=2, help='Iceberg format version of Flink: 2 equality deletes, 3 with deletion vectors')
    p.add_argument('--spark-batch', type=int, default=500_000, help='records of a table in a micro-batch of Spark')
    p.add_argument('--embedded', action='store_true', help='from the embedded broker instead of Kafka, without peers')
    a = p.parse_args()
    engines = ('millstream',) if a.embedded else a.engines.split(',')
    if unknown := set(engines) - set(ENGINES):
        sys.exit(f'no engine {unknown}; there are {ENGINES}')
    harness.fresh(a.work)
    failed = []
    with harness.Broker(a, kafka=not a.embedded, port=None if a.embedded else 9392) as broker:
        records = harness.load(a, broker)['records']
        for turn in range(a.runs):
            for engine in engines:
                work = harness.fresh(f'{a.work}/{engine}')
                load = round(os.getloadavg()[0], 1)
                figures = millstream(a, broker, work) if engine == 'millstream' else peer(a, broker, work, engine)
                rate = round(records / figures['cpu_s']) if 'cpu_s' in figures else None
                harness.record('cdc_to_iceberg', engine=engine, run=turn, copies=a.times, records=records, codec=a.codec, interval=a.interval,
                               threads=a.threads, broker='embedded' if a.embedded else 'kafka', load_before=load, records_per_core_s=rate, **figures)
                if 'failed' in figures:
                    failed.append(f'{engine}, run {turn}')
                harness.fresh(work)
    sys.exit(f'failed: {failed}' if failed else 0)


if __name__ == '__main__':
    main()
