//! What an Iceberg table takes in `CREATE TABLE … WITH`: Iceberg's own table properties, under their own names.
//!
//! All of them are kept in the table's metadata, for every engine that reads or writes it. A few mean something to
//! Millstream, too. A name that Iceberg does not have is refused: it would be kept just the same, and nobody would ever
//! heed it. The list is that of Iceberg's `TableProperties` and its page "Configuration", of August 2026.

use flow::registry::TRUE_OR_FALSE;
use flow::{OptionError, OptionSpec, Options};

pub(crate) const FORMAT_VERSION: &str = "format-version";
pub(crate) const UPSERT: &str = "write.upsert.enabled";
const FILE_BYTES: &str = "write.target-file-size-bytes";
const METADATA_VERSIONS: &str = "write.metadata.previous-versions-max";
const METADATA_DELETE: &str = "write.metadata.delete-after-commit.enabled";
const DATA_PATH: &str = "write.data.path";
const METADATA_PATH: &str = "write.metadata.path";

const KEPT: &str = "Iceberg's, for other engines: kept in the table, without effect here.";

/// Iceberg's properties that change nothing here, sorted. A `*` stands for a column's name.
const OTHERS: [&str; 101] = [
    "commit.manifest-merge.enabled",
    "commit.manifest.min-count-to-merge",
    "commit.manifest.target-size-bytes",
    "commit.retry.max-wait-ms",
    "commit.retry.min-wait-ms",
    "commit.retry.num-retries",
    "commit.retry.total-timeout-ms",
    "commit.status-check.max-wait-ms",
    "commit.status-check.min-wait-ms",
    "commit.status-check.num-retries",
    "commit.status-check.total-timeout-ms",
    "compatibility.snapshot-id-inheritance.enabled",
    "engine.hive.enabled",
    "engine.hive.lock-enabled",
    "gc.enabled",
    "history.expire.max-ref-age-ms",
    "history.expire.max-snapshot-age-ms",
    "history.expire.min-snapshots-to-keep",
    "identifier-fields.rely",
    "read.data-planning-mode",
    "read.delete-planning-mode",
    "read.orc.vectorization.batch-size",
    "read.orc.vectorization.enabled",
    "read.parquet.vectorization.batch-size",
    "read.parquet.vectorization.enabled",
    "read.split.adaptive-size.enabled",
    "read.split.metadata-target-size",
    "read.split.open-file-cost",
    "read.split.planning-lookback",
    "read.split.target-size",
    "write.avro.compression-codec",
    "write.avro.compression-level",
    "write.delete.avro.compression-codec",
    "write.delete.avro.compression-level",
    "write.delete.distribution-mode",
    "write.delete.format.default",
    "write.delete.granularity",
    "write.delete.isolation-level",
    "write.delete.mode",
    "write.delete.orc.block-size-bytes",
    "write.delete.orc.compression-codec",
    "write.delete.orc.compression-strategy",
    "write.delete.orc.stripe-size-bytes",
    "write.delete.orc.vectorized.batch-size",
    "write.delete.parquet.compression-codec",
    "write.delete.parquet.compression-level",
    "write.delete.parquet.dict-size-bytes",
    "write.delete.parquet.page-row-limit",
    "write.delete.parquet.page-size-bytes",
    "write.delete.parquet.page-version",
    "write.delete.parquet.row-group-check-max-record-count",
    "write.delete.parquet.row-group-check-min-record-count",
    "write.delete.parquet.row-group-size-bytes",
    "write.delete.target-file-size-bytes",
    "write.distribution-mode",
    "write.folder-storage.path",
    "write.location-provider.impl",
    "write.manifest.compression-codec",
    "write.manifest.compression-level",
    "write.merge.distribution-mode",
    "write.merge.isolation-level",
    "write.merge.mode",
    "write.metadata.compression-codec",
    "write.metadata.metrics.column.*",
    "write.metadata.metrics.default",
    "write.metadata.metrics.max-inferred-column-defaults",
    "write.object-storage.enabled",
    "write.object-storage.partitioned-paths",
    "write.object-storage.path",
    "write.orc.block-size-bytes",
    "write.orc.bloom.filter.columns",
    "write.orc.bloom.filter.fpp",
    "write.orc.compression-codec",
    "write.orc.compression-strategy",
    "write.orc.stripe-size-bytes",
    "write.orc.vectorized.batch-size",
    "write.parquet.bloom-filter-adaptive-enabled",
    "write.parquet.bloom-filter-enabled.column.*",
    "write.parquet.bloom-filter-fpp.column.*",
    "write.parquet.bloom-filter-max-bytes",
    "write.parquet.bloom-filter-ndv.column.*",
    "write.parquet.compression-level",
    "write.parquet.dict-encoding-enabled.column.*",
    "write.parquet.dict-size-bytes",
    "write.parquet.page-row-limit",
    "write.parquet.page-size-bytes",
    "write.parquet.page-version",
    "write.parquet.row-group-check-max-record-count",
    "write.parquet.row-group-check-min-record-count",
    "write.parquet.row-group-size-track-uncompressed",
    "write.parquet.shred-variants",
    "write.parquet.stats-enabled.column.*",
    "write.parquet.variant-inference-buffer-size",
    "write.spark.accept-any-schema",
    "write.spark.advisory-partition-size-bytes",
    "write.spark.auto-schema-evolution.enabled",
    "write.spark.fanout.enabled",
    "write.summary.partition-limit",
    "write.update.distribution-mode",
    "write.update.isolation-level",
    "write.update.mode",
];

/// All of them, those that mean something here first.
pub(crate) fn specs() -> Vec<OptionSpec> {
    let mut specs = vec![
        OptionSpec::optional(FORMAT_VERSION, "3 where rows are updated, else 2.").one_of(&["2", "3"]),
        OptionSpec::with_default(UPSERT, "false", "Rows replace those of the same PRIMARY KEY.").one_of(TRUE_OR_FALSE),
        OptionSpec::optional(
            FILE_BYTES,
            "Bytes at which a data file is ended and the next one begun; 'millstream.write.target-file-bytes' where the table has none.",
        ),
        OptionSpec::optional(DATA_PATH, "The folder of the data files; by default 'data' in the table's own."),
        OptionSpec::optional(
            METADATA_PATH,
            "The folder of the metadata files; by default 'metadata' in the table's own.",
        ),
        OptionSpec::with_default(METADATA_VERSIONS, "100", "How many older metadata files the table remembers."),
        OptionSpec::with_default(
            METADATA_DELETE,
            "false",
            "Whether metadata files that the table no longer remembers are deleted.",
        )
        .one_of(TRUE_OR_FALSE),
        OptionSpec::optional(
            "schema.name-mapping.default",
            "Which columns are meant in data files without field ids: Iceberg's name mapping, as JSON.",
        ),
        OptionSpec::with_default(
            "write.format.default",
            "parquet",
            "Kept in the table for other engines; Millstream writes Parquet, whatever it says.",
        ),
        OptionSpec::with_default(
            "write.parquet.compression-codec",
            "zstd",
            "Kept in the table for other engines; Millstream compresses with zstd, whatever it says.",
        ),
        OptionSpec::optional(
            "write.parquet.row-group-size-bytes",
            "Kept in the table for other engines; Millstream's row groups are set by 'millstream.write.row-group-bytes'.",
        ),
        OptionSpec::with_default(
            "write.wap.enabled",
            "false",
            "Kept in the table for other engines; Millstream's commits are visible at once.",
        ),
    ];
    specs.extend(OTHERS.map(|key| OptionSpec::optional(key, KEPT)));
    specs
}

/// Checks the values of those that mean something here and are read only when the table is there.
pub(crate) fn check(options: &Options) -> Result<(), OptionError> {
    for key in [FILE_BYTES, METADATA_VERSIONS] {
        let Some(text) = options.get(key) else { continue };
        if text.trim().parse::<i64>().map_or(true, |number| number < 1) {
            let error = OptionError::new(format!("'{key}' = '{text}' is not a whole number above 0")).key(key);
            return Err(error.hint("write digits alone, without a unit: 134217728"));
        }
    }
    match options.get(METADATA_DELETE) {
        Some(text) if !TRUE_OR_FALSE.contains(&text.as_str()) => {
            Err(OptionError::new(format!("'{METADATA_DELETE}' = '{text}' is neither true nor false"))
                .key(METADATA_DELETE))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(key: &str) -> bool {
        specs().iter().any(|spec| spec.matches(key))
    }

    #[test]
    fn icebergs_names_are_known_and_others_are_not() {
        assert!(OTHERS.is_sorted());
        for key in [
            "write.upsert.enabled",
            "write.target-file-size-bytes",
            "write.parquet.row-group-size-bytes",
            "write.parquet.bloom-filter-enabled.column.customer id",
            "write.metadata.metrics.column.id",
            "write.delete.mode",
            "commit.retry.num-retries",
            "history.expire.max-snapshot-age-ms",
            "read.split.target-size",
        ] {
            assert!(knows(key), "{key}");
        }
        for key in [
            "write.upsert.enable",
            "write.parquet.row-group-size-byte",
            "write.parquet.bloom-filter-enabled",
            "commit.retry.num-retry",
            "history.expire.max-age",
            "read.split",
            "write.",
        ] {
            assert!(!knows(key), "{key}");
        }
    }

    #[test]
    fn no_name_is_listed_twice() {
        let mut keys: Vec<&str> = specs().iter().map(|spec| spec.key).collect();
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
    }

    #[test]
    fn values_that_would_fail_later_are_refused() {
        let checked = |key: &str, value: &str| check(&Options::from([(key.to_owned(), value.to_owned())]));
        for (key, value, fits) in [
            (FILE_BYTES, "134217728", true),
            (FILE_BYTES, "128MB", false),
            (FILE_BYTES, "0", false),
            (METADATA_VERSIONS, "5", true),
            (METADATA_VERSIONS, "-1", false),
            (METADATA_DELETE, "true", true),
            (METADATA_DELETE, "yes", false),
            ("write.delete.mode", "anything", true),
        ] {
            let result = checked(key, value);
            assert_eq!(result.is_ok(), fits, "{key} = {value}: {result:?}");
            assert!(fits || result.unwrap_err().key.as_deref() == Some(key));
        }
    }
}
