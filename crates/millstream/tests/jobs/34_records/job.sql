-- What a record has beside its value: three partitions, timestamps of their own, keys and headers of no account.
CREATE TABLE src (
  id INT,
  topic STRING METADATA VIRTUAL,
  part INT METADATA FROM 'partition' VIRTUAL,
  pos BIGINT METADATA FROM 'offset' VIRTUAL,
  written TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  kind STRING METADATA FROM 'timestamp-type' VIRTUAL,
  epoch INT METADATA FROM 'leader-epoch' VIRTUAL,
  written_on AS CAST(written AS DATE)
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT, place STRING, pos BIGINT, written TIMESTAMP_LTZ(6), written_on DATE, kind STRING, epoch INT
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, topic || '-' || CAST(part AS STRING) || '@' || CAST(pos AS STRING), pos, written, written_on, kind, epoch
FROM src
WHERE part <> 1 OR pos > 0;
