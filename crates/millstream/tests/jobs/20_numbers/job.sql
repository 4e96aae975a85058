-- Integers wrap and divide towards zero; doubles divide to infinity.
CREATE TABLE src (
  id INT,
  i INT,
  l BIGINT,
  x DOUBLE,
  p DECIMAL(8, 3)
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT,
  wrapped INT, product BIGINT, quotient INT, remainder INT, magnitude INT, up DOUBLE, down DOUBLE, rounded DOUBLE, p1 DECIMAL(7, 1),
  signum INT, root DOUBLE, inf DOUBLE, narrowed INT, negative BIGINT, greatest_of BIGINT
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, i + 1, l * 2, i / 2, MOD(i, 3), ABS(i), CEIL(x), FLOOR(x), ROUND(x, 0), ROUND(p, 1), SIGN(i), SQRT(ABS(x)), x / 0,
  CAST(l AS INT), -l, GREATEST(i, l)
FROM src;
