#!/usr/bin/env bash
# A real single-node Apache Kafka (KRaft) on 127.0.0.1, from Maven's artifacts, for the interop lanes.
#   kafka.sh start DIR     makes DIR anew, starts on two free ports, waits until it serves, prints HOST:PORT
#   kafka.sh stop DIR      and waits for its end; nothing to do is no error
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../need.sh"
VERSION=4.3.1
CACHE=${MILLSTREAM_CACHE:-$HOME/.cache/millstream-interop}/kafka-$VERSION
fetch() {
  need python3 python3 >&2
  need java default-jre-headless >&2
  [ -f "$CACHE/.made" ] && return
  need mvn maven >&2
  mkdir -p "$CACHE"
  cat >"$CACHE/pom.xml" <<XML
<project><modelVersion>4.0.0</modelVersion><groupId>interop</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
</dependencies></project>
XML
  cat >"$CACHE/log4j2.properties" <<'LOG'
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
LOG
  (cd "$CACHE" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$CACHE/lib") >&2
  touch "$CACHE/.made"
}
free_ports() {
  python3 -c 'import socket
taken = [socket.socket() for _ in range(2)]
for s in taken: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in taken))'
}
JAVA=(java "-Dlog4j2.configurationFile=$CACHE/log4j2.properties" -Xmx512m -cp "$CACHE/lib/*")
case ${1:-} in
start)
  fetch
  dir=$2
  read -r port controller <<<"$(free_ports)"
  rm -rf "$dir"
  mkdir -p "$dir"
  cat >"$dir/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
P
  "${JAVA[@]}" kafka.tools.StorageTool format --cluster-id="$(head -c16 /dev/urandom | base64 | tr '+/' '-_' | cut -c1-22)" -c "$dir/server.properties" >"$dir/format.log" 2>&1 \
    || { cat "$dir/format.log" >&2; exit 1; }
  "${JAVA[@]}" kafka.Kafka "$dir/server.properties" >"$dir/broker.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 600); do
    grep -q 'Kafka Server started' "$dir/broker.log" && { echo "127.0.0.1:$port"; exit 0; }
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || break
    sleep 0.2
  done
  tail -20 "$dir/broker.log" >&2
  echo "Kafka did not start" >&2
  exit 1
  ;;
stop)
  [ -f "$2/pid" ] || exit 0
  pid=$(cat "$2/pid")
  rm "$2/pid"
  kill "$pid" 2>/dev/null || exit 0
  for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || exit 0; sleep 0.2; done
  kill -9 "$pid"
  ;;
*)
  sed -n '2,4p' "$0" >&2
  exit 2
  ;;
esac
