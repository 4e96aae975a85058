-- Change data capture of three PostgreSQL tables (Debezium, Kafka) into three Iceberg tables.
-- 'millstream demo' runs it on data of its own; for yours, change topics, columns and addresses.
SET 'pipeline.name' = 'shop-to-lake';
SET 'execution.checkpointing.interval' = '5 s';
CREATE CATALOG lake WITH ('type'='iceberg','catalog-impl'='org.apache.iceberg.jdbc.JdbcCatalog','uri'='jdbc:sqlite:warehouse/catalog.db','warehouse'='warehouse');
CREATE DATABASE IF NOT EXISTS lake.shop;
CREATE TABLE customers_cdc (
  `id` BIGINT NOT NULL,
  `email` STRING,
  `full_name` STRING,
  `bio` STRING,
  `created_at` TIMESTAMP_LTZ(6),
  `balance` DECIMAL(12, 2),
  `vip` BOOLEAN,
  PRIMARY KEY (`id`) NOT ENFORCED
) WITH ('connector'='kafka','topic'='shop.public.customers','properties.bootstrap.servers'='127.0.0.1:9092','properties.group.id'='shop','scan.startup.mode'='earliest-offset','format'='debezium-json');
CREATE TABLE IF NOT EXISTS lake.shop.customers (
  `id` BIGINT NOT NULL,
  `email` STRING,
  `full_name` STRING,
  `bio` STRING,
  `created_at` TIMESTAMP_LTZ(6),
  `balance` DECIMAL(12, 2),
  `vip` BOOLEAN,
  PRIMARY KEY (`id`) NOT ENFORCED
) WITH ('format-version'='3','write.upsert.enabled'='true');
CREATE TABLE order_lines_cdc (
  `order_id` BIGINT NOT NULL,
  `line_no` INT NOT NULL,
  `sku` STRING,
  `qty` INT,
  `price` DECIMAL(10, 2),
  PRIMARY KEY (`order_id`, `line_no`) NOT ENFORCED
) WITH ('connector'='kafka','topic'='shop.public.order_lines','properties.bootstrap.servers'='127.0.0.1:9092','properties.group.id'='shop','scan.startup.mode'='earliest-offset','format'='debezium-json');
CREATE TABLE IF NOT EXISTS lake.shop.order_lines (
  `order_id` BIGINT NOT NULL,
  `line_no` INT NOT NULL,
  `sku` STRING,
  `qty` INT,
  `price` DECIMAL(10, 2),
  PRIMARY KEY (`order_id`, `line_no`) NOT ENFORCED
) WITH ('format-version'='3','write.upsert.enabled'='true');
CREATE TABLE orders_cdc (
  `id` BIGINT NOT NULL,
  `customer_id` BIGINT,
  `status` STRING,
  `total` DECIMAL(12, 2),
  `placed_at` TIMESTAMP(6),
  `ship_date` DATE,
  `note` STRING,
  `coupon` STRING,
  PRIMARY KEY (`id`) NOT ENFORCED
) WITH ('connector'='kafka','topic'='shop.public.orders','properties.bootstrap.servers'='127.0.0.1:9092','properties.group.id'='shop','scan.startup.mode'='earliest-offset','format'='debezium-json');
CREATE TABLE IF NOT EXISTS lake.shop.orders (
  `id` BIGINT NOT NULL,
  `customer_id` BIGINT,
  `status` STRING,
  `total` DECIMAL(12, 2),
  `placed_at` TIMESTAMP(6),
  `ship_date` DATE,
  `note` STRING,
  `coupon` STRING,
  PRIMARY KEY (`id`) NOT ENFORCED
) WITH ('format-version'='3','write.upsert.enabled'='true');
EXECUTE STATEMENT SET BEGIN
  INSERT INTO lake.shop.customers SELECT `id`, `email`, `full_name`, `bio`, `created_at`, `balance`, `vip` FROM customers_cdc;
  INSERT INTO lake.shop.order_lines SELECT `order_id`, `line_no`, `sku`, `qty`, `price` FROM order_lines_cdc;
  INSERT INTO lake.shop.orders SELECT `id`, `customer_id`, `status`, `total`, `placed_at`, `ship_date`, `note`, `coupon` FROM orders_cdc;
END;
