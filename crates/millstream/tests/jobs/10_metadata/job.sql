-- Where a row came from; the topic is called as the job.
CREATE TABLE src (
  id BIGINT,
  pos BIGINT METADATA FROM 'offset' VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  topic STRING METADATA VIRTUAL,
  name STRING
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  place STRING,
  id BIGINT,
  pos BIGINT
) WITH (${dst.append});
INSERT INTO ${dst} SELECT topic || '-' || CAST(`partition` AS STRING) || '@' || CAST(pos AS STRING), id, pos FROM src WHERE MOD(pos, 2) = 0;
