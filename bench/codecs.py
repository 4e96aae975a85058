#!/usr/bin/env python3
"""The whole capture with each codec: the tables equal PostgreSQL's dump, read by DuckDB and by PyIceberg."""
import sys
import harness


def main():
    a = harness.arguments(__doc__, interval='2 s').parse_args()
    failed = []
    for codec in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
        harness.fresh(a.work)
        with harness.Broker(a) as broker:
            harness.load(a, broker, codec=codec)
            figures = harness.run(a, broker)
        equal = harness.compare(a)
        last = figures.pop('last')
        harness.record('codecs', codec=codec, memory=a.memory, threads=a.threads, equal=equal, records=last.get('records'), commits=last.get('commits'), **figures)
        if not equal:
            failed.append(codec)
    sys.exit(f'differ with {failed}' if failed else 0)


if __name__ == '__main__':
    main()
