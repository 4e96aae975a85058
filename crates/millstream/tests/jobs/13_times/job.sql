-- Texts and numbers to times and back, parts, rounding, arithmetic.
CREATE TABLE src (
  id INT,
  txt STRING,
  millis BIGINT,
  da DATE,
  ts TIMESTAMP(3)
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT,
  parsed TIMESTAMP(6), moment TIMESTAMP_LTZ(6), formatted STRING, y BIGINT, q BIGINT, w BIGINT, doy BIGINT, hh BIGINT,
  day_start TIMESTAMP(6), month_start DATE, next_month TIMESTAMP(6), yesterday DATE, later TIMESTAMP(6), days_left INT
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, TO_TIMESTAMP(txt), TO_TIMESTAMP_LTZ(millis, 3), DATE_FORMAT(ts, 'yyyy/MM/dd HH:mm'), EXTRACT(YEAR FROM da), QUARTER(da), WEEK(da),
  DAYOFYEAR(da), HOUR(ts), FLOOR(ts TO DAY), FLOOR(da TO MONTH), ts + INTERVAL '1' MONTH, da - INTERVAL '1' DAY,
  TIMESTAMPADD(MINUTE, 90, ts), TIMESTAMPDIFF(DAY, da, DATE '2025-01-01')
FROM src;
