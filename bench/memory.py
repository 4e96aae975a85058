#!/usr/bin/env python3
"""Peak memory against the backlog: N copies beside one, with many commits and with one commit for all.

Within the budget, and with the larger backlog at most 5 % more; the tables are compared too.
"""
import sys
import harness

GROWTH_MAX = 1.05


def budget_mib(text):
    return int(''.join(filter(str.isdigit, text))) * (1024 if 'g' in text.lower() else 1)


def main():
    p = harness.arguments(__doc__, times=20)
    p.add_argument('--skip-compare', action='store_true')
    a = p.parse_args()
    failed, peaks = [], {}
    for times in (1, a.times):
        harness.fresh(a.work)
        with harness.Broker(a) as broker:
            harness.load(a, broker, times=times)
            for interval in ('10 s', '1 d'):
                case = f'{times} copies, commits every {interval}'
                cwd = harness.fresh(f'{a.work}/{times}-{interval.replace(" ", "")}')
                more = ['--set', 'millstream.commit.max-bytes=1 tb'] if interval == '1 d' else []
                figures = harness.run(a, broker, *more, cwd=cwd, interval=interval)
                last = figures.pop('last')
                equal = None if a.skip_compare else harness.compare(a, cwd=cwd, times=times)
                peak = peaks[times, interval] = figures['peak_rss_mib']
                harness.record('memory', copies=times, interval=interval, memory=a.memory, threads=a.threads, equal=equal, records=last.get('records'),
                               commits=last.get('commits'), **figures)
                if peak > budget_mib(a.memory):
                    failed.append(f'{case}: {peak} MiB')
                if equal is False:
                    failed.append(f'{case}: the tables differ')
                if times > 1 and peak > GROWTH_MAX * peaks[1, interval]:
                    failed.append(f'{case}: {peak} MiB against {peaks[1, interval]} of one copy')
    sys.exit('\n'.join(failed))


if __name__ == '__main__':
    main()
