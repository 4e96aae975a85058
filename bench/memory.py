#!/usr/bin/env python3
"""Peak memory against the backlog: N copies beside one, with many commits and with one commit for all.

Within the budget in each run, and with the larger backlog at most 5 % more, by the medians of the runs: the peak of a run is
the moment in which most coincides. The tables of each case's first run are compared, too.
"""
import statistics
import sys
import harness

GROWTH_MAX = 1.05


def budget_mib(text):
    return int(''.join(filter(str.isdigit, text))) * (1024 if 'g' in text.lower() else 1)


def one_run(a, broker, times, interval, number, case, failed):
    """Runs the job once; its peak in MiB."""
    cwd = harness.fresh(f'{a.work}/{times}-{interval.replace(" ", "")}')
    more = ['--set', 'millstream.commit.max-bytes=1 tb'] if interval == '1 d' else []
    figures = harness.run(a, broker, *more, cwd=cwd, interval=interval)
    last = figures.pop('last')
    equal = None if a.skip_compare or number > 0 else harness.compare(a, cwd=cwd, times=times)
    harness.record('memory', copies=times, interval=interval, memory=a.memory, threads=a.threads, equal=equal, records=last.get('records'),
                   commits=last.get('commits'), **figures)
    if figures['peak_rss_mib'] > budget_mib(a.memory):
        failed.append(f'{case}: {figures["peak_rss_mib"]} MiB')
    if equal is False:
        failed.append(f'{case}: the tables differ')
    return figures['peak_rss_mib']


def main():
    p = harness.arguments(__doc__, times=20)
    p.add_argument('--runs', type=int, default=3, help='of each case')
    p.add_argument('--skip-compare', action='store_true')
    a = p.parse_args()
    failed, peaks = [], {}
    for times in (1, a.times):
        harness.fresh(a.work)
        with harness.Broker(a) as broker:
            harness.load(a, broker, times=times)
            for interval in ('10 s', '1 d'):
                case = f'{times} copies, commits every {interval}'
                runs = [one_run(a, broker, times, interval, number, case, failed) for number in range(a.runs)]
                peak = peaks[times, interval] = statistics.median(runs)
                if times > 1 and peak > GROWTH_MAX * peaks[1, interval]:
                    failed.append(f'{case}: {peak} MiB against {peaks[1, interval]} of one copy')
    for interval in ('10 s', '1 d'):
        growth = peaks[a.times, interval] / peaks[1, interval] - 1
        print(f'commits every {interval}: {peaks[1, interval]} -> {peaks[a.times, interval]} MiB, {growth:+.1%}')
    sys.exit('\n'.join(failed))


if __name__ == '__main__':
    main()
