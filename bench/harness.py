"""What the benches share: a broker with a capture loaded, a job run and measured, its tables compared.

Every bench takes --data DIR (a capture: NAME.jsonl.gz, schema.sql, expected/) and --tools DIR (load.py, compare_tables.py,
kafka.sh of the peers), a --binary (target/release/millstream) and a --work folder, which is emptied first.
"""
import argparse, json, os, pathlib, random, re, shutil, signal, socket, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLES = ('customers', 'order_lines', 'orders')


def arguments(doc, **defaults):
    a = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    a.add_argument('--data', default=os.environ.get('SHOP_DATA'), required='SHOP_DATA' not in os.environ)
    a.add_argument('--tools', default=os.environ.get('PEER_TOOLS'), required='PEER_TOOLS' not in os.environ)
    a.add_argument('--binary', default=f'{target}/release/millstream')
    a.add_argument('--work', default=str(ROOT / 'bench/work'))
    a.add_argument('--python', default=os.environ.get('PEER_PYTHON', sys.executable), help='a Python with confluent-kafka, orjson, duckdb, pyiceberg')
    a.add_argument('--codec', default='gzip')
    a.add_argument('--times', type=int, default=1)
    a.add_argument('--memory', default='128MiB')
    a.add_argument('--threads', type=int, default=1)
    a.add_argument('--interval', default='10 s', help='commit interval')
    for name, value in defaults.items():
        a.set_defaults(**{name: value})
    return a


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def fresh(path):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


class Broker:
    """The embedded broker as a process of its own, or a real Kafka."""

    def __init__(self, a, kafka=False, port=None):
        self.a, self.kafka = a, kafka
        self.port = port or free_port()
        self.bootstrap = f'127.0.0.1:{self.port}'
        self.dir = f'{a.work}/broker'

    def __enter__(self):
        if self.kafka:
            subprocess.run([f'{self.a.tools}/peers/kafka.sh', 'start', '--port', str(self.port), '--dir', self.dir], check=True, stdout=subprocess.DEVNULL)
            return self
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen([self.a.binary, 'broker', '--data', self.dir, '--listen', self.bootstrap, '--memory', '64MiB'])
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', self.port)) == 0:
                    return
            time.sleep(0.05)
        sys.exit('the broker did not start')

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        if self.kafka:
            subprocess.run([f'{self.a.tools}/peers/kafka.sh', 'stop', '--dir', self.dir], check=False, stdout=subprocess.DEVNULL)
        else:
            self.process.terminate()
            self.process.wait()


def load(a, broker, codec=None, times=None, procs=2):
    done = subprocess.run([a.python, f'{a.tools}/peers/cdc/load.py', '--bootstrap', broker.bootstrap, '--data', a.data, '--codec', codec or a.codec,
                           '--times', str(times or a.times), '--procs', str(procs), '--recreate'], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def command(a, broker, *more, interval=None, memory=None):
    return [a.binary, 'run', str(ROOT / 'examples/cdc_to_iceberg/job.sql'), '--bootstrap', broker.bootstrap, '--memory', memory or a.memory,
            '--threads', str(a.threads), '--set', f'execution.checkpointing.interval={interval or a.interval}', '--progress', 'json', *more]


def run(a, broker, *more, cwd=None, interval=None, memory=None, log=None):
    """Runs the job to its end; figures of the whole process, and the last progress line."""
    cwd = cwd or a.work
    out = open(f'{a.work}/progress.jsonl', 'w')
    err = open(log or f'{a.work}/job.log', 'w')
    start = time.monotonic()
    child = subprocess.Popen(command(a, broker, '--bounded', *more, interval=interval, memory=memory), cwd=cwd, stdout=out, stderr=err)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    lines = [json.loads(line) for line in open(out.name)]
    last = lines[-1] if lines else {}
    if child.returncode:
        sys.exit(f'the job failed with {child.returncode}:\n' + open(err.name).read()[-4000:])
    return {'wall_s': round(wall, 2), 'cpu_s': round(usage.ru_utime + usage.ru_stime, 2), 'peak_rss_mib': round(usage.ru_maxrss / 1024, 1),
            'written_mib': round(usage.ru_oublock / 2048, 1), 'last': last,
            'worst_unaccounted_mib': round(max((line.get('unaccounted', 0) for line in lines), default=0) / 2**20, 1)}


def compare(a, cwd=None, times=None, null_allowed=True, readers=('duckdb', 'pyiceberg')):
    """True if the tables equal PostgreSQL's dump cell for cell."""
    call = [a.python, f'{a.tools}/compare_tables.py', '--catalog', f'sqlite:{cwd or a.work}/warehouse/catalog.db', '--name', 'lake', '--namespace', 'shop',
            '--expected', f'{a.data}/expected', '--times', str(times or a.times)]
    if null_allowed:
        call += ['--null-allowed', f'{a.data}/expected/needs_old_key.json']
    if len(readers) == 1:
        call += ['--reader', readers[0]]
    done = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout[-3000:])
    return done.returncode == 0


def record(name, **figures):
    """Appends one JSON line to bench/results/NAME.jsonl."""
    commit = subprocess.run(['git', '-C', str(ROOT), 'rev-parse', '--short', 'HEAD'], stdout=subprocess.PIPE, text=True).stdout.strip()
    load = os.getloadavg()[0]
    line = {'at': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'commit': commit, 'cores': os.cpu_count(), 'load': round(load, 1), **figures}
    os.makedirs(ROOT / 'bench/results', exist_ok=True)
    with open(ROOT / f'bench/results/{name}.jsonl', 'a') as out:
        out.write(json.dumps(line) + '\n')
    print(json.dumps(line))
