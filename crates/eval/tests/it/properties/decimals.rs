//! Decimals of every precision and scale: exact results, rounded half up once, NULL where they do not fit.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type};
use arrow_array::{Array, ArrayRef, Decimal128Array};
use proptest::prelude::*;
use rows::LogicalType;

use super::config;
use super::schoolbook::Whole;
use crate::support::Rows;

/// DECIMAL(precision, scale)
#[derive(Clone, Copy, Debug)]
struct Shape {
    precision: u8,
    scale: u8,
}

impl Shape {
    fn ty(self) -> LogicalType {
        LogicalType::Decimal { precision: self.precision, scale: self.scale }
    }

    fn column(self, values: impl Iterator<Item = i128>) -> ArrayRef {
        let array: Decimal128Array = values.map(Some).collect();
        Arc::new(array.with_precision_and_scale(self.precision, self.scale as i8).unwrap())
    }
}

/// Two columns of numbers.
#[derive(Clone, Debug)]
struct Pairs {
    a: Shape,
    b: Shape,
    values: Vec<(i128, i128)>,
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![2 => 1..=38_u8, 2 => Just(38), 1 => Just(18), 1 => Just(19)]
        .prop_flat_map(|precision| {
            (Just(precision), prop_oneof![2 => 0..=precision, 1 => Just(0), 1 => Just(precision)])
        })
        .prop_map(|(precision, scale)| Shape { precision, scale })
}

/// All digits, few digits, and those around which results are rounded.
fn values(shape: Shape) -> impl Strategy<Value = i128> {
    (any::<i128>(), 0..=37_u32, 0..10_u8).prop_map(move |(random, digits, kind)| {
        let most = 10_i128.pow(u32::from(shape.precision)) - 1;
        let power = 10_i128.pow(digits);
        let value = match kind {
            0 => random % power,
            1 => power,
            2 => power - 1,
            3 => power / 2,
            4 => random % 10 * power + power / 2 - 1,
            5 => random % 10 * power - power / 2,
            _ => random,
        };
        if (-most..=most).contains(&value) { value } else { value % (most + 1) }
    })
}

fn pairs() -> impl Strategy<Value = Pairs> {
    (shapes(), shapes()).prop_flat_map(|(a, b)| {
        let values = prop::collection::vec((values(a), values(b)), 1..16);
        values.prop_map(move |values| Pairs { a, b, values })
    })
}

impl Pairs {
    fn rows(&self) -> Rows {
        let a = self.a.column(self.values.iter().map(|pair| pair.0));
        let b = self.b.column(self.values.iter().map(|pair| pair.1));
        Rows::new(vec![("a", self.a.ty(), a), ("b", self.b.ty(), b)])
    }

    /// Holds the decimals that an expression gives to `exact`, a number at `scale` fractional digits.
    fn check(&self, text: &str, scale: u8, exact: impl Fn(&Whole, &Whole) -> Whole) -> Result<(), TestCaseError> {
        self.check_rounded(text, |a, b, to| exact(a, b).shifted(to).rounded_by(&Whole::new(1).shifted(scale)))
    }

    /// Holds the decimals that an expression gives to `rounded`, a number at the result's fractional digits.
    fn check_rounded(&self, text: &str, rounded: impl Fn(&Whole, &Whole, u8) -> Whole) -> Result<(), TestCaseError> {
        let (column, ty) = self.rows().evaluate(text).unwrap();
        let LogicalType::Decimal { precision, scale } = ty else { panic!("{text} is {ty}") };
        let column = column.as_primitive::<Decimal128Type>();
        for (row, (a, b)) in self.values.iter().enumerate() {
            let value = column.is_valid(row).then(|| column.value(row));
            let expected = rounded(&Whole::new(*a), &Whole::new(*b), scale).within(precision);
            prop_assert_eq!(value, expected, "{} of {} and {} as {}", text, a, b, ty);
        }
        Ok(())
    }

    /// Holds what an expression gives to `expected`, as the oracle shows it.
    fn check_shown(&self, text: &str, expected: impl Fn(i128, i128) -> String) -> Result<(), TestCaseError> {
        let expected: Vec<String> = self.values.iter().map(|(a, b)| expected(*a, *b)).collect();
        prop_assert_eq!(self.rows().shown(text), expected, "{} of {:?}", text, self);
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn arithmetic_is_exact_and_rounds_once(mut pairs in pairs()) {
        pairs.values.retain(|pair| pair.1 != 0);
        let (a_scale, b_scale) = (pairs.a.scale, pairs.b.scale);
        let scale = a_scale.max(b_scale);
        let aligned = |a: &Whole, b: &Whole| (a.shifted(scale - a_scale), b.shifted(scale - b_scale));
        let with = |operation: fn(&Whole, &Whole) -> Whole| move |a: &Whole, b: &Whole| {
            let (a, b) = aligned(a, b);
            operation(&a, &b)
        };
        pairs.check("a + b", scale, with(Whole::plus))?;
        pairs.check("a - b", scale, with(|a, b| a.plus(&b.negated())))?;
        pairs.check("MOD(a, b)", scale, with(Whole::remainder))?;
        pairs.check("a * b", a_scale + b_scale, Whole::times)?;
        pairs.check("-a", a_scale, |a, _| a.negated())?;
        pairs.check_rounded("a / b", |a, b, digits| {
            let (a, b) = aligned(a, b);
            a.shifted(digits).rounded_by(&b)
        })?;
    }

    #[test]
    fn comparisons_are_those_of_the_numbers(pairs in pairs()) {
        type Holds = fn(Ordering) -> bool;
        let operators: [(&str, Holds); 7] = [
            ("=", Ordering::is_eq),
            ("<>", Ordering::is_ne),
            ("<", Ordering::is_lt),
            ("<=", Ordering::is_le),
            (">", Ordering::is_gt),
            (">=", Ordering::is_ge),
            ("IS DISTINCT FROM", Ordering::is_ne),
        ];
        for (operator, holds) in operators {
            pairs.check_shown(&format!("a {operator} b"), |a, b| {
                let order = Whole::new(a).shifted(pairs.b.scale).compare(&Whole::new(b).shifted(pairs.a.scale));
                holds(order).to_string()
            })?;
        }
    }

    #[test]
    fn casts_round_half_up_or_give_null(pairs in pairs()) {
        let (from, to) = (pairs.a.ty(), pairs.b.ty());
        pairs.check(&format!("CAST(a AS {to})"), pairs.a.scale, |a, _| a.clone())?;
        // The same by way of text, which holds all digits.
        pairs.check(&format!("CAST(CAST(a AS STRING) AS {to})"), pairs.a.scale, |a, _| a.clone())?;
        pairs.check(&format!("CAST(CAST(a AS STRING) AS {from})"), pairs.a.scale, |a, _| a.clone())?;
    }

    #[test]
    fn texts_show_every_digit(pairs in pairs()) {
        let scale = usize::from(pairs.a.scale);
        pairs.check_shown("CAST(a AS STRING)", |a, _| {
            let digits = format!("{:0>width$}", a.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let (sign, point) = (if a < 0 { "-" } else { "" }, if scale > 0 { "." } else { "" });
            format!("'{sign}{whole}{point}{fraction}'")
        })?;
    }

    #[test]
    fn integers_cut_the_fraction_and_wrap_as_java(pairs in pairs()) {
        let long = |a: i128| (a / 10_i128.pow(u32::from(pairs.a.scale))) as i64;
        pairs.check_shown("CAST(a AS BIGINT)", |a, _| long(a).to_string())?;
        pairs.check_shown("CAST(a AS INT)", |a, _| (long(a) as i32).to_string())?;
        pairs.check_shown("CAST(a AS SMALLINT)", |a, _| (long(a) as i16).to_string())?;
    }

    #[test]
    fn doubles_are_the_nearest(pairs in pairs()) {
        let (column, _) = pairs.rows().evaluate("CAST(a AS DOUBLE)").unwrap();
        for (row, (a, _)) in pairs.values.iter().enumerate() {
            let nearest: f64 = format!("{a}e-{}", pairs.a.scale).parse().unwrap();
            let own = column.as_primitive::<Float64Type>().value(row);
            prop_assert_eq!(own.to_bits(), nearest.to_bits(), "{} at {}", a, pairs.a.scale);
        }
    }

    #[test]
    fn rounding_keeps_as_many_digits_as_asked(pairs in pairs(), digits in -3..40_i8) {
        let kept = digits.min(pairs.a.scale as i8);
        let dropped = (pairs.a.scale as i8 - kept) as u8;
        pairs.check(&format!("ROUND(a, {digits})"), kept.max(0) as u8, |a, _| {
            let rounded = a.rounded_by(&Whole::new(1).shifted(dropped));
            rounded.shifted(kept.min(0).unsigned_abs())
        })?;
    }
}
