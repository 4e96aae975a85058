#!/usr/bin/env python3
"""Where the cycles of the main job go: samples of all its threads by what the function they are in works at.

Needs Linux' perf. By default it samples the CPU clock, which every virtual machine has; --event cycles counts cycles where
there are counters. Functions are known by the symbols of the release binary; what the compiler inlined counts for the function
around it. Prints a table in Markdown and the largest functions of each stage, and appends a line to bench/results/profile.jsonl.
"""
import collections, os, re, subprocess, sys
import harness

# The first pattern that fits a symbol (or the file it is in) names its stage.
STAGES = [
    ('inflate', r'zlib_rs|flate2|inflate|snap::|lz4_flex::block::decompress|ZSTD_.*decomp|ZSTD_d|HUF_d|HUF_read|FSE_d|ZSTD_execSeq|ZSTD_build'),
    ('checksums (CRC-32C, CRC-32)', r'crc32|crc_fast|crc32c'),
    ('record batches and Kafka protocol', r'kafka_wire|kafka_client'),
    ('JSON to columns', r'formats::|arrow_array::builder|serde_json'),
    ('Parquet: zstd', r'ZSTD|HUF|FSE|HIST_|zstd'),
    ('Parquet: encode', r'parquet::'),
    ('sort, reduce, gather', r'arrow_row|arrow_select|lake::(sort|run|merge|reduce|gather|spill|buffer)|core::slice::sort|slice::sort'),
    ('keys, index, deletion vectors', r'siphasher|lake::(index|keys?|vector|puffin|delet)|roaring'),
    ('rest of the lake (metadata, commits)', r'lake::|sqlite|rusqlite|avro'),
    ('expressions and rows', r'eval::|rows::|flow::'),
    ('ledger', r'ledger::'),
    ('allocator', r'jemalloc|_rjem_|je_|malloc|calloc|realloc|cfree|arena_|tcache|extent_|__rust_alloc|__rust_dealloc|^sdallocx|edata_|emap_|rtree_|pac_|hpa_|base_alloc'),
    ('memory: copy, fill, compare', r'memcpy|memmove|memset|memcmp|__mem'),
    ('kernel', r'\[kernel'),
    ('runtime (tokio, std)', r'tokio|std::|core::|alloc::|mio::'),
]


def stage(dso, symbol):
    text = '[kernel' if dso.startswith('[kernel') or dso == '[unknown]' and symbol.startswith('0xffff') else symbol
    return next((name for name, pattern in STAGES if re.search(pattern, text)), 'other')


def samples(data):
    """(thread, file, function) -> period, of a perf.data"""
    out = subprocess.run(['perf', 'report', '-i', data, '--stdio', '--no-children', '-F', 'period,comm,dso,sym', '-t', '\t', '--percent-limit', '0'],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    found = collections.Counter()
    for line in out.split('\n'):
        fields = [field.strip() for field in line.split('\t')]
        if len(fields) == 4 and fields[0].isdigit():
            found[fields[1], fields[2], re.sub(r'^\[[.kgH]\]\s*', '', fields[3])] += int(fields[0])
    return found


def main():
    p = harness.arguments(__doc__, times=5)
    p.add_argument('--event', default='cpu-clock')
    p.add_argument('--frequency', type=int, default=2000)
    p.add_argument('--top', type=int, default=4, help='functions shown of each stage')
    a = p.parse_args()
    harness.fresh(a.work)
    data = f'{a.work}/perf.data'
    with harness.Broker(a) as broker:
        records = harness.load(a, broker)['records']
        out = open(f'{a.work}/job.log', 'w')
        call = ['perf', 'record', '-q', '-e', a.event, '-F', str(a.frequency), '-o', data, '--', *harness.command(a, broker, '--bounded')]
        done = subprocess.run(call, cwd=a.work, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f'the job failed with {done.returncode}:\n' + open(out.name).read()[-4000:])
    found = samples(data)
    total = sum(found.values())
    stages, threads, functions = collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter)
    for (thread, dso, symbol), period in found.items():
        name = stage(dso, symbol)
        stages[name] += period
        threads[thread] += period
        functions[name][symbol] += period
    # A sample of the CPU clock weighs its nanoseconds; of cycles there is no time.
    ns = {name: round(period / records) for name, period in stages.items()} if a.event == 'cpu-clock' else {}
    print(f'{records} records, {a.codec}, {total / 1e9:.2f} CPU-s' + '\n\n| stage | share | ns a record | largest functions |\n|---|---|---|---|')
    for name, period in stages.most_common():
        top = ', '.join(f'`{symbol[:70]}` {100 * n / total:.1f}' for symbol, n in functions[name].most_common(a.top))
        print(f'| {name} | {100 * period / total:.1f} % | {ns.get(name, "")} | {top} |')
    shares = {name: round(100 * period / total, 1) for name, period in stages.most_common()}
    harness.record('profile', copies=a.times, records=records, codec=a.codec, interval=a.interval, memory=a.memory, threads=a.threads, event=a.event,
                   shares=shares, ns_per_record=ns, by_thread={name: round(100 * period / total, 1) for name, period in threads.most_common()})


if __name__ == '__main__':
    main()
