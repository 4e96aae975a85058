-- Decimals of each width that files keep them in, out of numbers and texts; sums and products that need all 38 digits, and more.
CREATE TABLE src (
  id INT,
  small DECIMAL(9, 2),
  middle DECIMAL(18, 4),
  wide DECIMAL(38, 10)
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT,
  small DECIMAL(9, 2),
  middle DECIMAL(18, 4),
  wide DECIMAL(38, 10),
  added DECIMAL(38, 10),
  multiplied DECIMAL(27, 6),
  squared DECIMAL(38, 6),
  negated DECIMAL(18, 4),
  halved DECIMAL(38, 10),
  whole BIGINT,
  near DOUBLE
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, small, middle, wide, CAST(middle + wide AS DECIMAL(38, 10)), small * middle, CAST(wide * wide AS DECIMAL(38, 6)), -middle,
  CAST(wide / 2 AS DECIMAL(38, 10)), CAST(middle AS BIGINT), CAST(wide AS DOUBLE)
FROM src;
