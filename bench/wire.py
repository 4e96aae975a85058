"""A few requests of the Kafka protocol as bytes, for benches that must not pay for a client or need what no client sends."""
import socket, struct, time

CRC_TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    CRC_TABLE.append(n)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def string(text):
    return struct.pack('>h', len(text)) + text


def varint(n):
    """Zigzag, as inside of records."""
    n = n << 1 ^ n >> 63
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def request(key, version, correlation, body):
    frame = struct.pack('>hhi', key, version, correlation) + string(b'bench') + body
    return struct.pack('>i', len(frame)) + frame


def batch(records, count, codec=0):
    """A batch of format v2 around `records` as they are, compressed or not."""
    after_crc = struct.pack('>hiqqqhii', codec, count - 1, 0, 0, -1, -1, -1, count) + records
    return struct.pack('>qiibI', 0, len(after_crc) + 9, 0, 2, crc32c(after_crc)) + after_crc


def record(value, key=None, offset_delta=0):
    keyed = varint(-1) if key is None else varint(len(key)) + key
    body = b'\0\0' + varint(offset_delta) + keyed + varint(len(value)) + value + b'\0'
    return varint(len(body)) + body


def metadata(topic):
    """Asks for a topic, which makes it where the broker may."""
    return request(3, 4, 1, struct.pack('>i', 1) + string(topic) + b'\1')


def produce(topic, records):
    """One batch into partition 0 with acks=all, in the first version that may carry zstd."""
    partition = struct.pack('>ii', 0, len(records)) + records
    return request(0, 7, 2, struct.pack('>hhii', -1, -1, 30_000, 1) + string(topic) + struct.pack('>i', 1) + partition)


def produce_error(topic, answered):
    error, = struct.unpack_from('>h', answered, 4 + 4 + 2 + len(topic) + 4 + 4)
    return error


def connect(port):
    """Tries every millisecond."""
    while True:
        sock = socket.socket()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sock.connect_ex(('127.0.0.1', port)) == 0:
            return sock
        sock.close()
        time.sleep(0.001)


def answer(sock):
    length, = struct.unpack('>i', exactly(sock, 4))
    return exactly(sock, length)


def exactly(sock, n):
    got = bytearray()
    while len(got) < n:
        more = sock.recv(n - len(got))
        if not more:
            raise ConnectionError('the broker closed the connection')
        got += more
    return bytes(got)
