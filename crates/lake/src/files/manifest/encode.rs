//! Entries in Avro's encoding: the fields in the order of the schemas in `layout`, whose nullable ones are unions.

use super::data_file::{Content, DataFile};
use super::entry::{ManifestContent, ManifestEntry, ManifestFile, Status};
use crate::files::avro::Encoder;

pub(super) fn encode_entry(out: &mut Encoder, entry: &ManifestEntry, snapshot_id: i64, format_version: u8) {
    out.long(match entry.status {
        Status::Existing => 0,
        Status::Added => 1,
        Status::Deleted => 2,
    });
    out.optional(Some(entry.snapshot_id.unwrap_or(snapshot_id)), Encoder::long);
    out.optional(entry.sequence_number, Encoder::long);
    out.optional(entry.file_sequence_number, Encoder::long);
    encode_file(out, &entry.data_file, format_version);
}

fn encode_file(out: &mut Encoder, file: &DataFile, format_version: u8) {
    fn some<T>(list: &[T]) -> Option<&[T]> {
        (!list.is_empty()).then_some(list)
    }
    fn numbers(out: &mut Encoder, pairs: &[(i32, i64)]) {
        out.optional(some(pairs), |out, pairs| {
            out.array(pairs, |out, (id, value)| {
                out.long(i64::from(*id));
                out.long(*value);
            });
        });
    }
    fn bounds(out: &mut Encoder, pairs: &[(i32, Vec<u8>)]) {
        out.optional(some(pairs), |out, pairs| {
            out.array(pairs, |out, (id, value)| {
                out.long(i64::from(*id));
                out.byte_string(value);
            });
        });
    }
    out.long(match file.content {
        Content::Data => 0,
        Content::PositionDeletes => 1,
        Content::EqualityDeletes => 2,
    });
    out.byte_string(file.file_path.as_bytes());
    out.byte_string(file.file_format.text().as_bytes());
    // The partition, a record without fields, takes no byte.
    out.long(file.record_count);
    out.long(file.file_size_in_bytes);
    numbers(out, &file.metrics.column_sizes);
    numbers(out, &file.metrics.value_counts);
    numbers(out, &file.metrics.null_value_counts);
    numbers(out, &file.metrics.nan_value_counts);
    bounds(out, &file.metrics.lower_bounds);
    bounds(out, &file.metrics.upper_bounds);
    out.optional(file.key_metadata.as_deref(), Encoder::byte_string);
    out.optional(some(&file.split_offsets), |out, offsets| out.array(offsets, |out, offset| out.long(*offset)));
    out.optional(some(&file.equality_ids), |out, ids| out.array(ids, |out, id| out.long(i64::from(*id))));
    out.optional(file.sort_order_id.map(i64::from), Encoder::long);
    if format_version >= 3 {
        out.optional(file.first_row_id, Encoder::long);
    }
    out.optional(file.referenced_data_file.as_deref(), |out, path| out.byte_string(path.as_bytes()));
    if format_version >= 3 {
        out.optional(file.content_offset, Encoder::long);
        out.optional(file.content_size_in_bytes, Encoder::long);
    }
}

pub(super) fn encode_manifest(out: &mut Encoder, manifest: &ManifestFile, format_version: u8) {
    out.byte_string(manifest.manifest_path.as_bytes());
    out.long(manifest.manifest_length);
    out.long(i64::from(manifest.partition_spec_id));
    out.long(i64::from(manifest.content == ManifestContent::Deletes));
    out.long(manifest.sequence_number.unwrap_or(0));
    out.long(manifest.min_sequence_number.unwrap_or(0));
    out.long(manifest.added_snapshot_id);
    for count in [manifest.added_files_count, manifest.existing_files_count, manifest.deleted_files_count] {
        out.long(i64::from(count));
    }
    for rows in [manifest.added_rows_count, manifest.existing_rows_count, manifest.deleted_rows_count] {
        out.long(rows);
    }
    let partitions = (!manifest.partitions.is_empty()).then_some(manifest.partitions.as_slice());
    out.optional(partitions, |out, partitions| {
        out.array(partitions, |out, summary| {
            out.boolean(summary.contains_null);
            out.optional(summary.contains_nan, Encoder::boolean);
            out.optional(summary.lower_bound.as_deref(), Encoder::byte_string);
            out.optional(summary.upper_bound.as_deref(), Encoder::byte_string);
        });
    });
    out.optional(manifest.key_metadata.as_deref(), Encoder::byte_string);
    if format_version >= 3 {
        out.optional(manifest.first_row_id, Encoder::long);
    }
}
