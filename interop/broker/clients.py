#!/usr/bin/env python3
"""clients.py BROKER: tries confluent-kafka (librdkafka) against the broker binary (the example of millstream-kafka-broker)."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


class Broker:
    """The binary on a folder; started again it keeps its port."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.address, self.process = binary, folder, "127.0.0.1:0", None

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            command = [self.binary, os.path.join(self.folder, "data"), self.address, "8MiB"]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        self.address = self.process.stdout.readline().decode().strip()
        assert self.address, "the broker did not start"

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait(60)


def check(what, expected, got):
    if expected != got:
        sys.exit(f"{what}: expected {str(expected)[:200]}, got {str(got)[:200]}")
    print(f"  {what}")


def produce(broker, topic, values, **config):
    failed = []
    producer = Producer({"bootstrap.servers": broker.address, "acks": "all", "enable.idempotence": True, **config})
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: error and failed.append(error))
        producer.poll(0)
    if producer.flush(60) or failed:
        sys.exit(f"not everything was delivered to {topic}: {failed[:3]}")


def end_offsets(consumer, topic, partitions):
    return [consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20)[1] for p in range(partitions)]


def consume(broker, topic, partitions, start=0):
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "reader", "enable.auto.commit": False,
                         "check.crcs": True})
    ends = end_offsets(consumer, topic, partitions)
    consumer.assign([TopicPartition(topic, p, start) for p in range(partitions)])
    left = {p for p in range(partitions) if ends[p] > start}
    values, deadline = [], time.monotonic() + 60
    while left:
        if time.monotonic() > deadline:
            sys.exit(f"{topic}: the records did not come")
        for message in consumer.consume(1000, 0.2):
            if message.error():
                raise KafkaException(message.error())
            values.append(message.value())
            if message.offset() + 1 >= ends[message.partition()]:
                left.discard(message.partition())
    consumer.close()
    return values


def topics_and_codecs(broker):
    admin = AdminClient({"bootstrap.servers": broker.address})
    for future in admin.create_topics([NewTopic(f"t-{c}", 3, 1, config={"retention.ms": "-1"}) for c in CODECS]).values():
        future.result(30)
    for codec in CODECS:
        values = [f"{codec} {i}".encode() * (i % 20 + 1) for i in range(5000)]
        produce(broker, f"t-{codec}", values, **{"compression.type": codec, "linger.ms": 5})
        check(f"records with {codec}", sorted(values), sorted(consume(broker, f"t-{codec}", 3)))
    resource = ConfigResource(ConfigResource.Type.TOPIC, "t-none")
    (settings,) = [future.result(30) for future in admin.describe_configs([resource]).values()]
    check("settings", "-1", settings["retention.ms"].value)
    for future in admin.create_partitions([NewPartitions("t-none", 5)]).values():
        future.result(30)
    check("more partitions", 5, len(admin.list_topics("t-none", 20).topics["t-none"].partitions))
    # Records without keys go where librdkafka likes: a partition may have none.
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "reader"})
    ends = end_offsets(consumer, "t-gzip", 3)
    consumer.close()
    deleted = admin.delete_records([TopicPartition("t-gzip", ends.index(max(ends)), 100)])
    check("records deleted", 100, list(deleted.values())[0].result(30).low_watermark)
    for future in admin.delete_topics(["t-zstd"]).values():
        future.result(30)
    check("a topic deleted", False, "t-zstd" in admin.list_topics(timeout=20).topics)


def group_offsets(broker):
    config = {"bootstrap.servers": broker.address, "group.id": "g", "enable.auto.commit": False}
    consumer = Consumer(config)
    consumer.assign([TopicPartition("t-lz4", 0, 0)])
    consumer.commit(offsets=[TopicPartition("t-lz4", 0, 7), TopicPartition("t-lz4", 1, 9)], asynchronous=False)
    consumer.close()
    broker.end(signal.SIGKILL)
    broker.start()
    consumer = Consumer(config)
    found = consumer.committed([TopicPartition("t-lz4", p) for p in range(3)], timeout=20)
    check("offsets of a group after SIGKILL", [7, 9, -1001], [partition.offset for partition in found])
    consumer.close()


def kills(broker):
    """Producing goes on while the broker is killed again and again."""
    admin = AdminClient({"bootstrap.servers": broker.address})
    admin.create_topics([NewTopic("kills", 2, 1)])["kills"].result(30)
    acknowledged, rng, n = [], random.Random(7), 0
    producer = Producer({"bootstrap.servers": broker.address, "acks": "all", "enable.idempotence": True, "linger.ms": 2,
                         "compression.type": "lz4", "reconnect.backoff.max.ms": 200, "log_level": 0})

    def delivered(error, message):
        if error is None:
            acknowledged.append(message.value())

    for _ in range(6):
        until = time.monotonic() + rng.uniform(0.2, 0.7)
        while time.monotonic() < until:
            try:
                producer.produce("kills", f"value {n}".encode(), on_delivery=delivered)
                n += 1
                producer.poll(0)
            except BufferError:
                producer.poll(0.05)
        broker.end(signal.SIGKILL)
        broker.start()
    if producer.flush(60):
        sys.exit("the producer did not get through")
    values = consume(broker, "kills", 2)
    check(f"{n} records through six times SIGKILL: all delivered", n, len(acknowledged))
    check("all that was acknowledged is there", set(), set(acknowledged) - set(values))
    check("nothing is there twice", len(values), len(set(values)))


def main():
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(sys.argv[1], folder)
        started = time.monotonic()
        broker.start()
        produce(broker, "first", [b"x"])
        print(f"  first record acknowledged {1000 * (time.monotonic() - started):.0f} ms after exec, the client's start included")
        try:
            topics_and_codecs(broker)
            group_offsets(broker)
            kills(broker)
            with open(f"/proc/{broker.process.pid}/status") as status:
                print("  " + next(line for line in status if line.startswith("VmHWM")).strip())
            check("a clean end", 0, broker.end(signal.SIGTERM))
            broker.start()
            check("the records after it", 5000, len(consume(broker, "t-snappy", 3)))
        finally:
            if broker.process.poll() is None:
                broker.process.kill()
    print("confluent-kafka: everything is as it should be")


if __name__ == "__main__":
    main()
