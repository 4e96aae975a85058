-- Every type out of plain JSON, by way of SELECT *.
CREATE TABLE src (
  id BIGINT, tiny TINYINT, small SMALLINT, name STRING, n INT, d DOUBLE, f FLOAT, b BOOLEAN, amount DECIMAL(10, 3), `day` DATE,
  tod TIME(0), ts TIMESTAMP(3), moment TIMESTAMP_LTZ(3), photo BYTES
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id BIGINT, tiny INT, small INT, name STRING, n INT, d DOUBLE, f FLOAT, b BOOLEAN, amount DECIMAL(10, 3), `day` DATE,
  tod TIME(0), ts TIMESTAMP(6), moment TIMESTAMP_LTZ(6), photo BYTES
) WITH (${dst.append});
INSERT INTO ${dst} SELECT * FROM src;
