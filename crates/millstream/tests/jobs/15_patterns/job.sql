-- LIKE with and without ESCAPE, IN, NOT IN, BETWEEN.
CREATE TABLE src (
  id INT,
  s STRING,
  n INT
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT,
  a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, s LIKE 'a%', s LIKE '%!%%' ESCAPE '!', s NOT LIKE '_a%', s IN ('apple', 'cherry'), n NOT IN (1, 5, 10), n BETWEEN 3 AND 10
FROM src
WHERE s LIKE '%p%' OR n BETWEEN 0 AND 10 OR s IN ('a_b');
