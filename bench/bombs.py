#!/usr/bin/env python3
"""A gibibyte out of a few kilobytes, in every codec, through broker and job under --memory.

Two shapes: one record whose value is 1 GiB, which must be refused by its place and the setting, or skipped, or sent to the
dead letters, and then the record behind it arrives; and 1 GiB of records of 100 KiB each, which must all arrive. The bombs
are made by hand, of runs that each format writes as short as it can: a batch may have 1 MiB, so LZ4 (255 : 1) and snappy
(21 : 1) take several batches to come to a gibibyte, and one record of theirs is as large as one batch makes it.
"""
import argparse, json, os, struct, subprocess, sys, zlib
import harness, wire

GIB = 1 << 30
BATCH_MAX = 1_000_000  # of compressed records
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4


# A payload is a list of bytes and of (byte, how often).

def gzip(payload):
    z = zlib.compressobj(9, zlib.DEFLATED, 31, 9)
    out = bytearray()
    for part in payload:
        if isinstance(part, bytes):
            out += z.compress(part)
        else:
            byte, left = part
            block = byte * (1 << 20)
            while left:
                n = min(left, len(block))
                out += z.compress(block[:n])
                left -= n
    return bytes(out + z.flush())


def pieces(payload, most):
    """The payload in literals and runs of at most `most` bytes."""
    for part in payload:
        if isinstance(part, bytes):
            for at in range(0, len(part), most):
                yield part[at:at + most], 0
        else:
            byte, left = part
            while left:
                n = min(left, most)
                yield byte, n
                left -= n


def zstd(payload):
    """Blocks of one byte repeated: 4 bytes for 128 KiB. The window is 128 KiB."""
    out = bytearray(b'\x28\xb5\x2f\xfd' + bytes([0, 7 << 3]))
    for data, run in pieces(payload, 128 << 10):
        kind, size = (1, run) if run else (0, len(data))
        out += (size << 3 | kind << 1).to_bytes(3, 'little') + data
    return bytes(out + (1).to_bytes(3, 'little'))


def snappy_block(data, run):
    """A literal, then copies of 64 bytes from one byte before: 3 bytes each."""
    total = run or len(data)
    out = bytearray()
    n = total
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    if len(data) <= 60:
        out.append(len(data) - 1 << 2)
    else:
        out += b'\xf4' + struct.pack('<H', len(data) - 1)
    out += data
    left = total - len(data)
    while left > 64:
        out += b'\xfe\1\0'
        left -= 64
    while left:
        n = min(left, 64)
        out += bytes([n - 1 << 2 | 2, 1, 0])
        left -= n
    return bytes(out)


def snappy(payload):
    """Java's framing: blocks of 32 KiB."""
    out = bytearray(b'\x82SNAPPY\0' + struct.pack('>ii', 1, 1))
    for data, run in pieces(payload, 32 << 10):
        block = snappy_block(data, run)
        out += struct.pack('>i', len(block)) + block
    return bytes(out)


def xxh32(data):
    """Of less than 16 bytes."""
    mask, primes = 0xffffffff, (2654435761, 2246822519, 3266489917, 668265263, 374761393)
    rotate = lambda x, r: (x << r | x >> 32 - r) & mask
    h = primes[4] + len(data) & mask
    at = 0
    while at + 4 <= len(data):
        h = rotate(h + int.from_bytes(data[at:at + 4], 'little') * primes[2] & mask, 17) * primes[3] & mask
        at += 4
    for byte in data[at:]:
        h = rotate(h + byte * primes[4] & mask, 11) * primes[0] & mask
    h = (h ^ h >> 15) * primes[1] & mask
    h = (h ^ h >> 13) * primes[2] & mask
    return h ^ h >> 16


def lz4_block(byte, run):
    """A literal, one match as long as it gets, and the five literals that a block must end with."""
    match = run - 1 - 5 - 4
    out = bytearray(bytes([1 << 4 | 15]) + byte + b'\1\0')
    left = match - 15
    out += b'\xff' * (left // 255) + bytes([left % 255])
    return bytes(out + bytes([5 << 4]) + byte * 5)


def lz4(payload):
    """Independent blocks of 4 MiB at most."""
    descriptor = bytes([0x60, 0x70])
    out = bytearray(b'\x04\x22\x4d\x18' + descriptor + bytes([xxh32(descriptor) >> 8 & 0xff]))
    for data, run in pieces(payload, 4 << 20):
        if run > 64:
            block = lz4_block(data, run)
            out += struct.pack('<I', len(block)) + block
        else:
            data = data * run if run else data
            out += struct.pack('<I', len(data) | 1 << 31) + data
    return bytes(out + bytes(4))


CODECS = {'gzip': (GZIP, gzip, 1100), 'snappy': (SNAPPY, snappy, 20), 'lz4': (LZ4, lz4, 240), 'zstd': (ZSTD, zstd, 20_000)}


def record(number, size, offset_delta=0):
    """An upsert of the row `number` whose value has about `size` bytes, as a payload."""
    key = b'{"id":%d}' % number
    head = b'{"before":null,"after":{"id":%d,"name":"' % number
    tail = b'"},"source":{"lsn":%d},"op":"c"}' % number
    length = len(head) + size + len(tail)
    before = b'\0\0' + wire.varint(offset_delta) + wire.varint(len(key)) + key + wire.varint(length) + head
    return [wire.varint(len(before) + size + len(tail) + 1) + before, (b'a', size), tail + b'\0']


class Topic:
    """A topic that hand-made batches are sent to."""

    def __init__(self, broker, name):
        self.name, self.sock = name.encode(), wire.connect(broker.port)
        self.sock.sendall(wire.metadata(self.name))
        wire.answer(self.sock)
        self.sent = 0

    def send(self, records, count, codec=0):
        self.sock.sendall(wire.produce(self.name, wire.batch(records, count, codec)))
        error = wire.produce_error(self.name, wire.answer(self.sock))
        assert error == 0, f'{self.name}: refused with {error}, {len(records)} bytes'
        self.sent += len(records)


def one_record(topic, codec):
    """A record as large as a batch makes it, at most 1 GiB, and a small one behind it. The inflated size."""
    number, compress, ratio = CODECS[codec]
    size = min(GIB, BATCH_MAX * ratio)
    topic.send(compress(record(1, size)), 1, number)
    topic.send(b''.join(part if isinstance(part, bytes) else part[0] * part[1] for part in record(2, 10)), 1)
    return size


def many_records(topic, codec, size=100 << 10):
    """1 GiB of records of `size`, in as many batches as that takes. How many records."""
    number, compress, _ = CODECS[codec]
    per_batch = max(1, BATCH_MAX // len(compress(record(GIB // size, size, 1000))))
    done = 0
    while done < GIB // size:
        count = min(per_batch, GIB // size - done)
        payload = [part for n in range(count) for part in record(done + n, size, n)]
        topic.send(compress(payload), count, number)
        done += count
    return done


JOB = '''SET 'pipeline.name' = '{topic}';
SET 'execution.checkpointing.interval' = '1 s';
SET 'millstream.bad-records' = '{policy}';
{more}
CREATE CATALOG lake WITH ('type'='iceberg','catalog-impl'='org.apache.iceberg.jdbc.JdbcCatalog','uri'='jdbc:sqlite:warehouse/catalog.db','warehouse'='warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE s (id BIGINT NOT NULL, name STRING, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector'='kafka','topic'='{topic}','properties.bootstrap.servers'='x:1','scan.startup.mode'='earliest-offset','format'='debezium-json');
CREATE TABLE lake.db.`{table}` (id BIGINT NOT NULL, size INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('format-version'='3','write.upsert.enabled'='true');
INSERT INTO lake.db.`{table}` SELECT id, CHAR_LENGTH(name) FROM s;
'''


def run(a, broker, topic, policy):
    """Runs the job to its end; exit code, standard error, peak of resident memory in MiB, last progress."""
    table = f'{topic}_{policy}'.replace('-', '_')
    more = f"SET 'millstream.bad-records.path' = '{a.work}/bad-{topic}';" if policy == 'dead-letter' else ''
    job = f'{a.work}/{table}.sql'
    with open(job, 'w') as out:
        out.write(JOB.format(topic=topic, table=table, policy=policy, more=more))
    with open(f'{a.work}/{table}.jsonl', 'w') as out, open(f'{a.work}/{table}.log', 'w') as err:
        child = subprocess.Popen([a.binary, 'run', job, '--bounded', '--bootstrap', broker.bootstrap, '--memory', a.memory, '--progress', 'json', '--state', f'{a.work}/state/{table}'],
                                 cwd=a.work, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    lines = [json.loads(line) for line in open(out.name)]
    return child.returncode, open(err.name).read(), usage.ru_maxrss / 1024, lines[-1] if lines else {}


def check(what, true, told=''):
    if not true:
        sys.exit(f'{what}\n{told[-3000:]}')


def try_codec(a, broker, codec):
    limit = int(a.memory.removesuffix('MiB'))
    one, many = Topic(broker, f'{codec}-one'), Topic(broker, f'{codec}-many')
    size = one_record(one, codec)
    peaks = []
    for policy in ('fail', 'skip', 'dead-letter'):
        code, told, peak, last = run(a, broker, f'{codec}-one', policy)
        peaks.append(peak)
        check(f'{codec} {policy}: {peak:.0f} MiB', peak <= limit, told)
        if policy == 'fail':
            check(f'{codec}: exit {code}', code not in (0, None) and code > 0, told)
            for part in (f'{codec}-one-0@0', 'millstream.record.max-bytes'):
                check(f'{codec}: the message does not say {part}', part in told, told)
            print(told[-600:])
        else:
            check(f'{codec} {policy}: exit {code}', code == 0, told)
            table = last['tables'][0]
            check(f'{codec} {policy}: {table}', (table['rows'], table['skipped'] + table['dead_lettered']) == (1, 1), told)
    count = many_records(many, codec)
    code, told, peak, last = run(a, broker, f'{codec}-many', 'fail')
    peaks.append(peak)
    check(f'{codec} many: exit {code}, {peak:.0f} MiB', code == 0 and peak <= limit, told)
    check(f'{codec} many: {last}', last['tables'][0]['rows_published'] == count)
    return {'one_record_mib': size >> 20, 'sent_kib': one.sent >> 10, 'records': count, 'sent_many_kib': many.sent >> 10,
            'peak_rss_one_mib': round(max(peaks[:3]), 1), 'peak_rss_many_mib': round(peaks[3], 1)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get('CARGO_TARGET_DIR', harness.ROOT / 'target')
    p.add_argument('--binary', default=f'{target}/release/millstream')
    p.add_argument('--work', default=str(harness.ROOT / 'bench/work'))
    p.add_argument('--memory', default='128MiB')
    p.add_argument('--codecs', default=','.join(CODECS))
    a = p.parse_args()
    harness.fresh(a.work)
    with harness.Broker(a) as broker:
        for codec in a.codecs.split(','):
            harness.record('bombs', codec=codec, memory=a.memory, **try_codec(a, broker, codec))


if __name__ == '__main__':
    main()
