-- Rows that enter and leave again and again, are deleted while outside, and come back.
CREATE TABLE src (
  id INT NOT NULL,
  status STRING,
  total INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id INT NOT NULL,
  total INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, total FROM src WHERE status = 'on';
