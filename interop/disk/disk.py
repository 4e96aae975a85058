#!/usr/bin/env python3
"""disk.py MILLSTREAM EXPECTED COMPARE...: a warehouse and a state folder on disks that are full or read-only.

Each case mounts a small file system of its own (root only; without the right to mount it says so and ends with 0, as root
it fails), fills it, runs the demo's data into it, expects a message that names the path, says what happened and what to do,
then frees the space and holds the tables, by COMPARE --warehouse W --expected EXPECTED, to PostgreSQL's dump.
"""
import contextlib, gzip, json, os, shutil, socket, subprocess, sys, tempfile, threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JOB = f'{ROOT}/examples/cdc_to_iceberg/job.sql'
PATIENCE_S = 240


def can_mount(folder):
    tried = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], capture_output=True, text=True)
    if tried.returncode == 0:
        subprocess.run(['umount', folder], check=True)
        return True
    print(f'nothing can be mounted here: {tried.stderr.strip()}')
    return False


@contextlib.contextmanager
def small_disk(folder, mib):
    os.makedirs(folder)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={mib}m', 'tmpfs', folder], check=True)
    try:
        yield
    finally:
        subprocess.run(['umount', '-l', folder], check=True)


def fill(folder, leave):
    """Takes all space but `leave` bytes."""
    with open(f'{folder}/filler', 'ab') as out:
        left = os.statvfs(folder)
        os.posix_fallocate(out.fileno(), 0, max(left.f_bavail * left.f_frsize - leave, 1))


class Broker:
    def __init__(self, binary, folder):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.address = '127.0.0.1:%d' % s.getsockname()[1]
        self.binary = binary
        self.process = subprocess.Popen([binary, 'broker', '--data', f'{folder}/broker', '--listen', self.address, '--memory', '64MiB'], stderr=subprocess.PIPE, text=True)
        while 'broker listens at' not in self.process.stderr.readline():
            pass
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.load(folder)

    def load(self, folder):
        files = {}
        for line in gzip.open(f'{ROOT}/examples/shop/shop.jsonl.gz', 'rt'):
            record = json.loads(line)
            topic = record.pop('topic')
            if topic not in files:
                files[topic] = open(f'{folder}/{topic}.ndjson', 'w')
            print(json.dumps(record), file=files[topic])
        for topic, out in files.items():
            out.close()
            subprocess.run([self.binary, 'topics', 'create', topic, '--partitions', '4', '--bootstrap', self.address], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([self.binary, 'produce', topic, out.name, '--codec', 'gzip', '--bootstrap', self.address], check=True, stderr=subprocess.DEVNULL)


class Run:
    """A run of the job; what it says is read line by line."""

    def __init__(self, broker, cwd, *more):
        os.makedirs(cwd, exist_ok=True)
        command = [broker.binary, 'run', JOB, '--bootstrap', broker.address, '--memory', '128MiB', '--progress', 'none', '--set', 'execution.checkpointing.interval=100 ms',
                   '--set', 'restart-strategy.exponential-delay.max-backoff=1 s', *more]
        self.process = subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, text=True)
        self.said = []
        self.watchdog = threading.Timer(PATIENCE_S, self.process.kill)
        self.watchdog.start()

    def wait_for(self, *parts):
        """Until each of the parts has been said, from here on."""
        for part in parts:
            for line in self.process.stderr:
                self.said.append(line)
                if part in line:
                    break
            else:
                sys.exit(f'it ended and never said {part!r}:\n' + ''.join(self.said[-60:]))

    def end(self):
        self.said += self.process.stderr
        self.process.wait()
        self.watchdog.cancel()
        return self.process.returncode, ''.join(self.said)

    def must_end(self, code, *parts):
        got, said = self.end()
        if (got == 0) != (code == 0) or got < 0:
            sys.exit(f'exit {got}, not {code}:\n{said[-4000:]}')
        for part in parts:
            if part not in said:
                sys.exit(f'it does not say {part!r}:\n{said[-4000:]}')


def full_at_start(broker, w, disk):
    fill(disk, 0)
    Run(broker, w, '--bounded', '--state', f'{w}/state').must_end(1, disk, 'the disk', 'is full', 'free some space')


def full_in_between(broker, w, disk):
    """The job says so at each try and goes on by itself once there is space."""
    fill(disk, 900 << 10)
    run = Run(broker, w, '--bounded', '--state', f'{w}/state')
    for _ in range(3):
        run.wait_for('restarting after: ', 'the disk is full: free some space; the job goes on by itself')
    os.remove(f'{disk}/filler')
    run.must_end(0, disk)


def full_when_stopped(broker, w, disk):
    """What could not be committed is not lost: the next run reads it again."""
    fill(disk, 900 << 10)
    run = Run(broker, w, '--state', f'{w}/state')
    run.wait_for('restarting after: ', 'the disk is full')
    run.process.terminate()
    run.end()
    os.remove(f'{disk}/filler')


def read_only(broker, w, disk):
    """Ends at once: no time mends that."""
    Run(broker, w, '--bounded', '--state', f'{w}/state').must_end(0)
    subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
    Run(broker, w, '--bounded', '--state', f'{w}/state').must_end(1, f'{disk}/catalog.db', 'mounted read-only')
    subprocess.run(['mount', '-o', 'remount,rw', disk], check=True)


def state_full_at_start(broker, w, disk):
    fill(disk, 0)
    Run(broker, w, '--bounded', '--state', f'{disk}/state').must_end(1, f'{disk}/state', 'No space left', '--state')


def state_full_in_between(broker, w, disk):
    fill(disk, 64 << 10)
    run = Run(broker, w, '--bounded', '--state', f'{disk}/state')
    for _ in range(2):
        run.wait_for('restarting after: ', 'No space left', 'hint: ')
    os.remove(f'{disk}/filler')
    run.must_end(0, disk)


def state_read_only(broker, w, disk):
    subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
    Run(broker, w, '--bounded', '--state', f'{disk}/state').must_end(1, f'{disk}/state', 'Read-only file system', '--state')


CASES = [full_at_start, full_in_between, full_when_stopped, read_only, state_full_at_start, state_full_in_between, state_read_only]


def main():
    binary, expected, *compare = sys.argv[1:]
    only = os.environ.get('CASE')
    folder = tempfile.mkdtemp()
    try:
        os.mkdir(f'{folder}/try')
        if not can_mount(f'{folder}/try'):
            sys.exit(1 if os.geteuid() == 0 else 0)
        broker = Broker(binary, folder)
        try:
            for case in CASES:
                if only and case.__name__ != only:
                    continue
                w = f'{folder}/{case.__name__}'
                disk = f'{w}/disk' if case.__name__.startswith('state') else f'{w}/warehouse'
                os.mkdir(w)
                with small_disk(disk, 24):
                    case(broker, w, disk)
                    if 'read_only' not in case.__name__ and not case.__name__.endswith('at_start'):
                        # Another run finds nothing to mend, and the tables are whole.
                        Run(broker, w, '--bounded', '--state', f'{w}/other-state').must_end(0)
                        subprocess.run([*compare, '--warehouse', f'{w}/warehouse', '--expected', expected], check=True, stdout=subprocess.DEVNULL)
                print(f'{case.__name__}: as it must be', flush=True)
        finally:
            broker.process.terminate()
            broker.process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
