#!/usr/bin/env python3
"""From the exec of `millstream broker` to its first acknowledged record, and the memory it took.

Three cases, each --runs times: an empty folder (the topic is made on the way), LOG bytes of log after a clean stop, the
same after SIGKILL in the middle of producing. The client is a socket and requests that were encoded before: connect (again
every millisecond), Metadata, Produce with acks=all, answer. Needs a Python with confluent-kafka to fill the log.
"""
import argparse, os, shutil, signal, statistics, subprocess, sys, time
import harness, wire

TOPIC = b'first-ack'


def peak_mib(process):
    for line in open(f'/proc/{process.pid}/status'):
        if line.startswith('VmHWM'):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_ms(process):
    """What it has computed so far, in user and system mode, all threads."""
    fields = open(f'/proc/{process.pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf('SC_CLK_TCK')


def once(a, data):
    """Starts a broker on `data`; it runs on. Milliseconds to the first answer of any kind and to the acknowledgement."""
    port = harness.free_port()
    command = [a.binary, 'broker', '--data', data, '--listen', f'127.0.0.1:{port}', '--memory', a.memory]
    ask, send = wire.metadata(TOPIC), wire.produce(TOPIC, wire.batch(wire.record(b'the first record'), 1))
    begin = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    with wire.connect(port) as sock:
        sock.sendall(ask)
        wire.answer(sock)
        known = time.perf_counter()
        sock.sendall(send)
        acknowledged = wire.answer(sock)
        end = time.perf_counter()
    error = wire.produce_error(TOPIC, acknowledged)
    assert error == 0, f'the record was refused: {error}'
    return process, (known - begin) * 1000, (end - begin) * 1000


def stop(process, how):
    process.send_signal(how)
    process.wait()


FILL = '''
import os, sys
from confluent_kafka import Producer
bootstrap, n, forever = sys.argv[1], int(sys.argv[2]), sys.argv[3] == 'forever'
p = Producer({'bootstrap.servers': bootstrap, 'acks': 'all', 'linger.ms': 20, 'queue.buffering.max.kbytes': 65536, 'batch.size': 900000})
block = os.urandom(1 << 20)
sent = 0
while forever or sent < n:
    at = sent * 7919 % ((1 << 20) - 1024)
    try:
        p.produce('filled', block[at:at + 1024], partition=sent % 4)
        sent += 1
    except BufferError:
        p.poll(0.1)
    if sent % 1024 == 0:
        p.poll(0)
p.flush()
'''


def filler(a, port, n, forever=False):
    return subprocess.Popen([a.python, '-c', FILL, f'127.0.0.1:{port}', str(n), 'forever' if forever else 'once'], stderr=subprocess.DEVNULL)


def fill(a, data):
    """A log of `--log-mib` in four partitions."""
    port = harness.free_port()
    process = subprocess.Popen([a.binary, 'broker', '--data', data, '--listen', f'127.0.0.1:{port}', '--memory', '64MiB'], stderr=subprocess.DEVNULL)
    wire.connect(port).close()
    subprocess.run([a.binary, 'topics', 'create', 'filled', '--partitions', '4', '--bootstrap', f'127.0.0.1:{port}'], check=True, stdout=subprocess.DEVNULL)
    if filler(a, port, a.log_mib * 1024).wait():
        sys.exit('the log could not be filled')
    stop(process, signal.SIGTERM)


def kill_while_producing(a, data, seconds=0.5):
    """Ends the broker on `data` in the middle of what a producer sends."""
    port = harness.free_port()
    process = subprocess.Popen([a.binary, 'broker', '--data', data, '--listen', f'127.0.0.1:{port}', '--memory', '64MiB'], stderr=subprocess.DEVNULL)
    wire.connect(port).close()
    producer = filler(a, port, 0, forever=True)
    time.sleep(1 + seconds)
    stop(process, signal.SIGKILL)
    stop(producer, signal.SIGKILL)


def measure(a, case, data, before):
    known, acknowledged, computed, peaks = [], [], [], []
    for _ in range(a.runs):
        before()
        process, first, ack = once(a, data)
        known.append(first)
        acknowledged.append(ack)
        computed.append(cpu_ms(process))
        peaks.append(peak_mib(process))
        stop(process, signal.SIGTERM)
    log = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(data) for f in files) / 2**20
    harness.record('first_ack', case=case, runs=a.runs, log_mib=round(log), first_answer_ms=round(statistics.median(known), 1),
                   ack_ms_median=round(statistics.median(acknowledged), 1), ack_ms_best=round(min(acknowledged), 1), ack_ms_worst=round(max(acknowledged), 1),
                   cpu_ms_median=round(statistics.median(computed)), peak_rss_mib=round(max(peaks), 1))
    return statistics.median(acknowledged)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get('CARGO_TARGET_DIR', harness.ROOT / 'target')
    p.add_argument('--binary', default=f'{target}/release/millstream')
    p.add_argument('--work', default=str(harness.ROOT / 'bench/work'))
    p.add_argument('--python', default=os.environ.get('PEER_PYTHON', sys.executable), help='a Python with confluent-kafka')
    p.add_argument('--memory', default='64MiB')
    p.add_argument('--runs', type=int, default=20)
    p.add_argument('--log-mib', type=int, default=1024)
    p.add_argument('--limit-ms', type=float, default=100)
    a = p.parse_args()
    harness.fresh(a.work)
    empty, full = f'{a.work}/empty', f'{a.work}/full'
    medians = [measure(a, 'empty', empty, lambda: shutil.rmtree(empty, ignore_errors=True))]
    fill(a, full)
    medians.append(measure(a, 'clean', full, lambda: None))
    medians.append(measure(a, 'killed', full, lambda: kill_while_producing(a, full)))
    sys.exit(0 if max(medians) < a.limit_ms else 1)


if __name__ == '__main__':
    main()
