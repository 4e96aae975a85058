-- A key of a text, a date and a decimal.
CREATE TABLE src (
  name STRING NOT NULL,
  `day` DATE NOT NULL,
  rate DECIMAL(12, 5) NOT NULL,
  n INT,
  PRIMARY KEY (name, `day`, rate) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  n BIGINT,
  rate DECIMAL(12, 5) NOT NULL,
  name STRING NOT NULL,
  `day` DATE NOT NULL,
  PRIMARY KEY (name, `day`, rate) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT n * 2, rate, name, `day` FROM src;
