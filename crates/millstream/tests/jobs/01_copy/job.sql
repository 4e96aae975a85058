-- Every type, unchanged.
CREATE TABLE src (
  id BIGINT NOT NULL,
  email STRING,
  age INT,
  balance DECIMAL(12, 2),
  vip BOOLEAN,
  score DOUBLE,
  ratio FLOAT,
  born DATE,
  created TIMESTAMP(6),
  seen TIMESTAMP_LTZ(6),
  photo BYTES,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  email STRING,
  age INT,
  balance DECIMAL(12, 2),
  vip BOOLEAN,
  score DOUBLE,
  ratio FLOAT,
  born DATE,
  created TIMESTAMP(6),
  seen TIMESTAMP_LTZ(6),
  photo BYTES,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, email, age, balance, vip, score, ratio, born, created, seen, photo FROM src;
