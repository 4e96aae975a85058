-- Texts: positions count characters, not bytes.
CREATE TABLE src (
  id INT,
  s STRING,
  t STRING
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT,
  up STRING, low STRING, trimmed STRING, len INT, part STRING, tail STRING, found_at INT, replaced STRING, padded STRING,
  first_part STRING, reversed STRING, repeated STRING, first_char STRING, hex STRING, found BOOLEAN
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, UPPER(s), LOWER(s), TRIM(BOTH ' ' FROM s), CHAR_LENGTH(s), SUBSTRING(s FROM 2 FOR 3), SUBSTR(s, -2), POSITION(t IN s),
  REPLACE(s, t, '<>'), LPAD(t, 3, '*'), SPLIT_INDEX(s, ',', 1), REVERSE(s), REPEAT(t, 2), LEFT(s, 1), HEX(t), s LIKE '%' || t || '%'
FROM src;
