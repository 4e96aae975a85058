#!/usr/bin/env python3
"""hostile.py MILLSTREAM [--memory 48MiB]: a broker under everything that a hostile client can send, on loopback.

Random bytes, requests cut off at every byte, with every 4 bytes replaced by the worst counts, record batches that lie about
themselves, lengths that never come, connections that send a byte a second, thousands that send nothing, clients that never
read. While each goes on, an honest client produces and fetches. Afterwards: every answer of the honest client came in time,
the broker lives, panicked nowhere, and its peak of resident memory is within --memory. Bounded in count and time; needs
nothing but Python.
"""
import argparse, os, random, resource, socket, struct, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../bench'))
import wire

TOPIC = b'honest'
WORST = [0x7fffffff, 0xffffffff, 0x80000000, 0x00ffffff, 0]
PATIENCE_S = 10  # that an honest client has, on a machine with other work


class Broker:
    def __init__(self, binary, memory, folder):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        self.log = os.path.join(folder, 'log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen([binary, 'broker', '--data', os.path.join(folder, 'data'), '--listen', f'127.0.0.1:{self.port}', '--memory', memory], stderr=log)
        wire.connect(self.port).close()

    def status(self, name):
        for line in open(f'/proc/{self.process.pid}/status'):
            if line.startswith(name):
                return int(line.split()[1])
        return 0

    def connect(self, timeout=PATIENCE_S):
        sock = socket.create_connection(('127.0.0.1', self.port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


class Honest(threading.Thread):
    """Produces and fetches, on a new connection each time; how long the slowest round took."""

    def __init__(self, broker):
        super().__init__(daemon=True)
        self.broker, self.stopped, self.rounds, self.worst_s, self.error = broker, False, 0, 0.0, None

    def run(self):
        try:
            while not self.stopped:
                begin = time.monotonic()
                self.round()
                self.worst_s = max(self.worst_s, time.monotonic() - begin)
                self.rounds += 1
                time.sleep(0.05)
        except Exception as error:  # told by the main thread
            self.error = error

    def round(self):
        # Refused for want of memory, a client comes again.
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self.broker.connect() as sock:
                    sock.sendall(wire.metadata(TOPIC))
                    wire.answer(sock)
                    sock.sendall(wire.produce(TOPIC, wire.batch(wire.record(b'x' * 1000), 1)))
                    error = wire.produce_error(TOPIC, wire.answer(sock))
                    assert error == 0, f'an honest record was refused: {error}'
                    sock.sendall(fetch(TOPIC, 0))
                    assert len(wire.answer(sock)) > 100
                    return
            except ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


def fetch(topic, offset, wait_ms=0, most=1 << 20):
    partition = struct.pack('>iqi', 0, offset, most)
    return wire.request(1, 4, 3, struct.pack('>iiiib', -1, wait_ms, 1, most, 0) + struct.pack('>i', 1) + wire.string(topic) + struct.pack('>i', 1) + partition)


def samples():
    """Valid requests of several shapes; flexible versions have compact lengths."""
    offset_commit = wire.string(b'group') + struct.pack('>i', -1) + wire.string(b'') + struct.pack('>q', -1)
    offset_commit += struct.pack('>i', 1) + wire.string(TOPIC) + struct.pack('>iiq', 1, 0, 5) + wire.string(b'')
    topics = struct.pack('>i', 1) + wire.string(b'made') + struct.pack('>ihiii', 1, 1, 0, 0, 1000) + b'\0'
    frame = lambda key, version, body: struct.pack('>hhi', key, version, 9) + wire.string(b'hostile') + b'\0' + body
    flexible = lambda key, version, body: struct.pack('>i', len(frame(key, version, body))) + frame(key, version, body)
    compact = lambda text: bytes([len(text) + 1]) + text
    return [
        wire.metadata(TOPIC),
        wire.produce(TOPIC, wire.batch(wire.record(b'value', b'key'), 1)),
        fetch(TOPIC, 0),
        wire.request(8, 2, 4, offset_commit),
        wire.request(9, 1, 4, wire.string(b'group') + struct.pack('>i', 1) + wire.string(TOPIC) + struct.pack('>ii', 1, 0)),
        wire.request(2, 1, 4, struct.pack('>ii', -1, 1) + wire.string(TOPIC) + struct.pack('>iiq', 1, 0, -1)),
        wire.request(19, 2, 4, topics),
        wire.request(22, 0, 4, struct.pack('>hi', -1, 1000)),
        wire.request(32, 1, 4, struct.pack('>ib', 1, 2) + wire.string(TOPIC) + struct.pack('>i', -1) + b'\0'),
        flexible(18, 3, compact(b'hostile') + compact(b'1') + b'\0'),
        flexible(3, 12, bytes([2]) + bytes(16) + compact(TOPIC) + b'\0' + b'\1\0\0'),
        flexible(1, 13, struct.pack('>iiibii', 0, 1, 1 << 20, 0, 0, -1) + bytes([2]) + bytes(16) + bytes([2]) + struct.pack('>iiqiqi', 0, -1, 0, -1, -1, 1 << 20) + b'\0\0\1\1\0'),
    ]


def send_and_forget(broker, data, wait=False):
    try:
        with broker.connect() as sock:
            sock.sendall(data)
            if wait:
                sock.settimeout(2)
                sock.recv(1 << 16)
    except OSError:
        pass  # closed, refused: what a hostile client deserves


def random_bytes(broker, rng):
    for _ in range(400):
        send_and_forget(broker, rng.randbytes(rng.choice([1, 3, 4, 5, 6, 20, 200, 5000])))
    for _ in range(2_000):
        body = struct.pack('>hhi', rng.randrange(-2, 80), rng.randrange(-1, 20), 1) + rng.randbytes(rng.randrange(0, 300))
        send_and_forget(broker, struct.pack('>i', len(body)) + body, wait=False)


def cut_off(broker, rng):
    for sample in samples():
        for at in range(len(sample)):
            send_and_forget(broker, sample[:at])
            # Short, and a length that says so: the broker must decode it.
            if at > 4:
                send_and_forget(broker, struct.pack('>i', at - 4) + sample[4:at])


def worst_counts(broker, rng):
    for sample in samples():
        for at in range(4, len(sample) - 3):
            for worst in WORST:
                changed = bytearray(sample)
                changed[at:at + 4] = struct.pack('>I', worst)
                send_and_forget(broker, bytes(changed))
        for at in range(14, len(sample)):
            # A varint of 2^32 - 1 where a compact length is.
            body = sample[4:at] + b'\xff\xff\xff\xff\x0f' + sample[at + 1:]
            send_and_forget(broker, struct.pack('>i', len(body)) + body)


def lying_batches(broker, rng):
    """Headers alone and with records, each field wrong in turn, the checksum right."""
    for records in (b'', wire.record(b'v')):
        plain = wire.batch(records, 1)
        for at in [*range(0, 16), *range(21, len(plain) - 3)]:
            for worst in WORST:
                changed = bytearray(plain)
                changed[at:at + 4] = struct.pack('>I', worst)
                changed[17:21] = struct.pack('>I', wire.crc32c(bytes(changed[21:])))
                send_and_forget(broker, wire.produce(b'lies', bytes(changed)), wait=at % 8 == 0)
    for count in WORST:
        for codec in range(8):
            batch = bytearray(wire.batch(rng.randbytes(30), 1, codec))
            batch[57:61] = struct.pack('>I', count)
            batch[17:21] = struct.pack('>I', wire.crc32c(bytes(batch[21:])))
            send_and_forget(broker, wire.produce(b'lies', bytes(batch)), wait=True)


def crowd(broker, count, dress=lambda sock: None, wait_s=5, **options):
    """Connections that stay open until the attack ends, each dressed first; those that the broker refuses are left out."""
    held = []
    for _ in range(count):
        try:
            sock = broker.connect(**options)
            dress(sock)
            held.append(sock)
        except OSError:
            pass
    time.sleep(wait_s)
    return held


def huge_lengths(broker, rng):
    """Lengths that are announced and never come."""
    def announce(sock):
        length = rng.choice([0x7fffffff, 104_857_600, 40 << 20, 20 << 20, 1 << 20, 900_000, 100_000])
        sock.sendall(struct.pack('>ihh', length, 0, 7) + rng.randbytes(rng.choice([0, 4, 1000])))
    return crowd(broker, 600, announce, wait_s=8)


def slow_loris(broker, rng):
    held = crowd(broker, 800, wait_s=0)
    for second in range(8):
        data = struct.pack('>i', 500_000) + struct.pack('>hhi', 0, 7, 1)
        for sock in held:
            try:
                sock.sendall(data[second:second + 1])
            except OSError:
                pass
        time.sleep(1)
    return held


def idle_crowd(broker, rng):
    return crowd(broker, 6_000, timeout=2)


def never_reads(broker, rng):
    """Asks for records over and over and takes none."""
    def ask(sock):
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            for _ in range(200):
                sock.send(fetch(TOPIC, 0))
        except BlockingIOError:
            pass
    return crowd(broker, 60, ask)


def endless_polls(broker, rng):
    """Fetches that wait for a day, many to a connection."""
    return crowd(broker, 200, lambda sock: sock.sendall(fetch(TOPIC, 1 << 40, wait_ms=86_400_000) * 30))


ATTACKS = [random_bytes, cut_off, worst_counts, lying_batches, huge_lengths, slow_loris, idle_crowd, never_reads, endless_polls]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary')
    p.add_argument('--memory', default='48MiB')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--only', choices=[attack.__name__ for attack in ATTACKS])
    a = p.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rng, limit_mib, failed = random.Random(a.seed), int(a.memory.removesuffix('MiB')), []
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(a.binary, a.memory, folder)
        for attack in ATTACKS:
            if a.only and attack.__name__ != a.only:
                continue
            honest = Honest(broker)
            honest.start()
            begin = time.monotonic()
            held = attack(broker, rng) or []
            honest.stopped = True
            honest.join(3 * PATIENCE_S)
            for sock in held:
                sock.close()
            code, peak = broker.process.poll(), broker.status('VmHWM') / 1024 if broker.process.poll() is None else -1
            print(f'{attack.__name__}: {time.monotonic() - begin:.1f} s, {len(held)} held, honest rounds {honest.rounds}, slowest {honest.worst_s:.2f} s, peak {peak:.1f} MiB', flush=True)
            if honest.error or honest.is_alive() or honest.rounds == 0:
                failed.append(f'{attack.__name__}: the honest client was not served: {honest.error!r}')
            if code is not None:
                failed.append(f'{attack.__name__}: the broker ended with {code}')
                break
            if peak > limit_mib:
                failed.append(f'{attack.__name__}: {peak:.1f} MiB of {limit_mib}')
        broker.process.terminate()
        if broker.process.wait(30) != 0:
            failed.append(f'the broker ended with {broker.process.returncode}')
        log = open(broker.log, errors='replace').read()
        if 'panicked' in log:
            failed.append('it panicked: ' + log[log.index('panicked') - 200:][:800])
    if failed:
        sys.exit('\n'.join(failed) + '\n' + log[-3000:])
    print('the broker held')


if __name__ == '__main__':
    main()
