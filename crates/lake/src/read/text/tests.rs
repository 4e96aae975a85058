use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array,
    Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};

use super::cell_text;

fn check(array: impl arrow_array::Array + 'static, want: &[Option<&str>]) {
    let array: ArrayRef = Arc::new(array);
    let got: Vec<Option<String>> = (0..array.len()).map(|row| cell_text(array.as_ref(), row)).collect();
    assert_eq!(got.iter().map(Option::as_deref).collect::<Vec<_>>(), want);
}

/// What PostgreSQL 15 prints.
#[test]
fn cells_print_as_postgresql_prints_them() {
    check(BooleanArray::from(vec![Some(true), Some(false), None]), &[Some("t"), Some("f"), None]);
    check(Int64Array::from(vec![i64::MIN, 0]), &[Some("-9223372036854775808"), Some("0")]);
    check(
        Float64Array::from(vec![
            0.0,
            -0.0,
            1.0,
            0.1,
            -1.5,
            1e14,
            123456789012345.0,
            1e15,
            1.25e20,
            0.0001,
            0.00001,
            1.5e-7,
            1e100,
        ]),
        &[
            Some("0"),
            Some("-0"),
            Some("1"),
            Some("0.1"),
            Some("-1.5"),
            Some("100000000000000"),
            Some("123456789012345"),
            Some("1e+15"),
            Some("1.25e+20"),
            Some("0.0001"),
            Some("1e-05"),
            Some("1.5e-07"),
            Some("1e+100"),
        ],
    );
    check(
        Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        &[Some("NaN"), Some("Infinity"), Some("-Infinity")],
    );
    check(
        Float32Array::from(vec![1.1, 123456.0, 1234567.0, 0.0001]),
        &[Some("1.1"), Some("123456"), Some("1.234567e+06"), Some("0.0001")],
    );
}

#[test]
fn decimals_bytes_and_times_print_as_postgresql_prints_them() {
    let decimals = |scale| Decimal128Array::from(vec![-1, 12345, 0]).with_precision_and_scale(20, scale).unwrap();
    check(decimals(2), &[Some("-0.01"), Some("123.45"), Some("0.00")]);
    check(decimals(0), &[Some("-1"), Some("12345"), Some("0")]);
    check(BinaryArray::from(vec![&[][..], &[0xde, 0x0a]]), &[Some("\\x"), Some("\\xde0a")]);
    check(
        Date32Array::from(vec![0, -1, 11017, 19782, -719_162, -719_163, 2_932_897]),
        &[
            Some("1970-01-01"),
            Some("1969-12-31"),
            Some("2000-03-01"),
            Some("2024-02-29"),
            Some("0001-01-01"),
            Some("0001-12-31 BC"),
            Some("10000-01-01"),
        ],
    );
    check(
        Time64MicrosecondArray::from(vec![0, 86_399_999_999, 45_296_789_000]),
        &[Some("00:00:00"), Some("23:59:59.999999"), Some("12:34:56.789")],
    );
    let micros = TimestampMicrosecondArray::from(vec![1_554_034_894_640_488, -1, -62_135_596_800_000_001]);
    check(
        micros.clone().with_timezone("UTC"),
        &[
            Some("2019-03-31 12:21:34.640488+00"),
            Some("1969-12-31 23:59:59.999999+00"),
            Some("0001-12-31 23:59:59.999999+00 BC"),
        ],
    );
    check(micros.slice(0, 1), &[Some("2019-03-31 12:21:34.640488")]);
    check(TimestampNanosecondArray::from(vec![1_000_000_007]), &[Some("1970-01-01 00:00:01.000000007")]);
}
