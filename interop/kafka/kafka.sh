#!/usr/bin/env bash
# A real single-node Apache Kafka (KRaft) on 127.0.0.1, from Maven's artifacts, for the interop lanes.
#   kafka.sh start DIR PORT     makes DIR, starts, waits until it answers; the controller takes PORT+1
#   kafka.sh stop DIR
set -euo pipefail
VERSION=4.3.1
CACHE=${MILLSTREAM_CACHE:-$HOME/.cache/millstream-interop}/kafka-$VERSION
fetch() {
  [ -f "$CACHE/.made" ] && return
  mkdir -p "$CACHE"
  cat >"$CACHE/pom.xml" <<XML
<project><modelVersion>4.0.0</modelVersion><groupId>interop</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
</dependencies></project>
XML
  (cd "$CACHE" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$CACHE/lib")
  touch "$CACHE/.made"
}
case $1 in
start)
  fetch
  dir=$2 port=$3
  mkdir -p "$dir"
  cat >"$dir/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
P
  java -cp "$CACHE/lib/*" kafka.tools.StorageTool format -t "$(head -c16 /dev/urandom | base64 | tr '+/' '-_' | cut -c1-22)" -c "$dir/server.properties" >"$dir/format.log" 2>&1
  java -Xmx512m -cp "$CACHE/lib/*" kafka.Kafka "$dir/server.properties" >"$dir/broker.log" 2>&1 &
  echo $! >"$dir/pid"
  for _ in $(seq 300); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && exit 0
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || { tail -20 "$dir/broker.log" >&2; exit 1; }
    sleep 0.2
  done
  echo "Kafka does not answer" >&2
  exit 1
  ;;
stop) kill "$(cat "$2/pid")" 2>/dev/null || true ;;
esac
