#!/usr/bin/env python3
"""Rows per core-second and peak memory of the main job, beside Flink and Spark, all from one real Kafka.

The same copies and the same commit interval for all; five copies or more, since short runs of a JVM are mostly start-up.
"""
import json, subprocess, sys
import harness


def peer(a, name, broker):
    more = ['--interval', a.interval.replace(' ', '')] if name == 'flink' else []
    done = subprocess.run([f'{a.tools}/peers/cdc/{name}/run.sh', '--bootstrap', broker.bootstrap, '--data', a.data, '--times', str(a.times), '--cores', str(a.threads), *more],
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return {'failed': done.returncode}
    return json.loads(done.stdout.strip().split('\n')[-1])


def main():
    p = harness.arguments(__doc__, times=5)
    p.add_argument('--engines', default='millstream,flink,spark')
    p.add_argument('--runs', type=int, default=3)
    p.add_argument('--embedded', action='store_true', help='from the embedded broker instead of Kafka, without peers')
    a = p.parse_args()
    harness.fresh(a.work)
    with harness.Broker(a, kafka=not a.embedded, port=9392) as broker:
        loaded = harness.load(a, broker)
        for turn in range(a.runs):
            for engine in ('millstream',) if a.embedded else a.engines.split(','):
                about = dict(engine=engine, run=turn, copies=a.times, codec=a.codec, interval=a.interval, threads=a.threads, broker='embedded' if a.embedded else 'kafka')
                if engine == 'millstream':
                    cwd = harness.fresh(f'{a.work}/millstream-{turn}')
                    figures = harness.run(a, broker, cwd=cwd)
                    figures.pop('last')
                    equal = harness.compare(a, cwd=cwd, readers=('pyiceberg',)) if turn == 0 else None
                    rate = round(loaded['records'] / figures['cpu_s'])
                    harness.record('cdc_to_iceberg', **about, memory=a.memory, records=loaded['records'], records_per_core_s=rate, equal=equal, **figures)
                else:
                    harness.record('cdc_to_iceberg', **about, records=loaded['records'], peer=peer(a, engine, broker))


if __name__ == '__main__':
    main()
