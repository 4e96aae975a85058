use super::*;

fn shape(precision: u8, scale: u8) -> Shape {
    Shape { precision, scale }
}

#[test]
fn texts_are_read_and_written_to_the_scale_half_up() {
    for (input, to, expected) in [
        ("12.345", shape(10, 2), Some("12.35")),
        ("-12.345", shape(10, 2), Some("-12.35")),
        ("1e3", shape(10, 2), Some("1000.00")),
        ("1.5e-3", shape(10, 3), Some("0.002")),
        (".5", shape(1, 0), Some("1")),
        ("0.004", shape(3, 2), Some("0.00")),
        ("999.995", shape(5, 2), None),
        ("1e400", shape(38, 0), None),
        ("0e400", shape(38, 0), Some("0")),
        ("1e-400", shape(38, 0), Some("0")),
    ] {
        let value = parse(input, to).unwrap();
        assert_eq!(value.map(|value| text(value, to.scale)).as_deref(), expected, "{input}");
    }
    for input in ["", "-", ".", "1.2.3", "abc", "1e", "1 2"] {
        assert_eq!(parse(input, shape(10, 2)), Err(NotANumber), "{input}");
    }
}

#[test]
fn quotients_are_exact_where_the_shifted_dividend_needs_more_than_128_bits() {
    let big = 12_345_678_901_234_567_890_123_456_780_123_456_789;
    assert_eq!(
        divide(big, 10, 9_999_999_999, 2, shape(38, 8)).map(|v| text(v, 8)).as_deref(),
        Some("12345678902469135780.37037036")
    );
    assert_eq!(
        divide(1, 0, 3, 0, shape(38, 37)).map(|v| text(v, 37)).as_deref(),
        Some("0.3333333333333333333333333333333333333")
    );
    assert_eq!(divide(2, 0, -3, 0, shape(10, 2)), Some(-67));
    assert_eq!(divide(i128::from(i64::MAX), 0, 1, 38, shape(38, 6)), None);
}

#[test]
fn products_of_76_digits_are_rounded_once() {
    // 0.00…0100 * 0.14999…9 = 0.00…01|4999…9: rounded in two steps it would end in 2.
    let b = 14_999_999_999_999_999_999_999_999_999_999_999_999;
    assert_eq!(multiply(100, 38, b, 38, shape(38, 37)), Some(1));
    assert_eq!(multiply(-100, 38, b + 1, 38, shape(38, 37)), Some(-2));
    assert_eq!(multiply(1, 38, 1, 38, shape(38, 0)), Some(0));
}
