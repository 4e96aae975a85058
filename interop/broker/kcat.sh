#!/usr/bin/env bash
# kcat.sh BROKER: tries kcat against the broker binary (the example of millstream-kafka-broker).
set -euo pipefail
binary=$1
folder=$(mktemp -d)
"$binary" "$folder/data" 127.0.0.1:0 8MiB >"$folder/address" 2>"$folder/log" &
broker=$!
trap 'kill "$broker" 2>/dev/null || true; rm -rf "$folder"' EXIT
until grep -q : "$folder/address"; do kill -0 "$broker"; sleep 0.05; done
address=$(cat "$folder/address")
kafkacat() { timeout 60 kcat -b "$address" "$@"; }
same() { [ "$2" = "$3" ] || { echo "$1: expected '$2', got '$3'"; tail "$folder/log"; exit 1; }; }

kafkacat -L >/dev/null
total=0
for codec in none gzip snappy lz4 zstd; do
  seq 1 20000 | kafkacat -P -t "numbers-$codec" -z "$codec" -X enable.idempotence=true
  same "records with $codec" "$(seq 1 20000 | md5sum)" "$(kafkacat -C -t "numbers-$codec" -e -q | md5sum)"
  same "from the middle with $codec" 12346 "$(kafkacat -C -t "numbers-$codec" -o 12345 -c 1 -e -q)"
  total=$((total + 1))
done
same "topics" "$total" "$(kafkacat -L | grep -c '^  topic')"
same "the end" "numbers-gzip [0] offset 20000" "$(kafkacat -Q -t numbers-gzip:0:-1)"
same "the start" "numbers-gzip [0] offset 0" "$(kafkacat -Q -t numbers-gzip:0:-2)"
same "a time before all" "numbers-gzip [0] offset 0" "$(kafkacat -Q -t numbers-gzip:0:1000)"
printf 'k1:v1\nk2:v2\n' | kafkacat -P -t keyed -K : -H a=1 -H a=2
same "keys and headers" "k1=v1 a=1,a=2 k2=v2 a=1,a=2 " "$(kafkacat -C -t keyed -e -q -f '%k=%s %h ')"
kill "$broker"
wait "$broker"
echo "kcat: everything is as it should be"
