//! Whole numbers of any length, digit by digit, as they are taught at school.

use std::cmp::Ordering;

/// A natural number: its decimal digits, the lowest first, without zeros at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Natural(Vec<u8>);

impl Natural {
    pub(super) fn new(value: u128) -> Self {
        Self(value.to_string().bytes().rev().map(|digit| digit - b'0').collect()).trimmed()
    }

    /// The number of digits; 0 has none.
    pub(super) fn digits(&self) -> usize {
        self.0.len()
    }

    pub(super) fn to_u128(&self) -> u128 {
        self.0.iter().rev().fold(0, |value, digit| value * 10 + u128::from(*digit))
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    /// With `zeros` zeros behind it.
    pub(super) fn shifted(&self, zeros: usize) -> Self {
        Self([vec![0; zeros], self.0.clone()].concat()).trimmed()
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        (self.0.len().cmp(&other.0.len())).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut digits = Vec::new();
        let mut carry = 0;
        for place in 0..=self.0.len().max(other.0.len()) {
            let sum = carry + self.0.get(place).unwrap_or(&0) + other.0.get(place).unwrap_or(&0);
            digits.push(sum % 10);
            carry = sum / 10;
        }
        Self(digits).trimmed()
    }

    /// Less a number that is not greater.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut digits = Vec::new();
        let mut borrow = 0;
        for place in 0..self.0.len() {
            let subtrahend = other.0.get(place).unwrap_or(&0) + borrow;
            borrow = u8::from(self.0[place] < subtrahend);
            digits.push(self.0[place] + 10 * borrow - subtrahend);
        }
        Self(digits).trimmed()
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let mut sum = Self(Vec::new());
        for (place, digit) in other.0.iter().enumerate() {
            let row = self.shifted(place);
            (0..*digit).for_each(|_| sum = sum.plus(&row));
        }
        sum
    }

    /// Quotient and remainder by a number that is not 0.
    pub(super) fn divided_by(&self, divisor: &Self) -> (Self, Self) {
        let (mut quotient, mut rest) = (Vec::new(), Self(Vec::new()));
        for digit in self.0.iter().rev() {
            rest = rest.shifted(1).plus(&Self(vec![*digit]).trimmed());
            let mut times = 0;
            while rest.compare(divisor) != Ordering::Less {
                rest = rest.minus(divisor);
                times += 1;
            }
            quotient.insert(0, times);
        }
        (Self(quotient).trimmed(), rest)
    }

    /// The quotient, rounded half up.
    pub(super) fn rounded_by(&self, divisor: &Self) -> Self {
        let (quotient, rest) = self.divided_by(divisor);
        if rest.plus(&rest).compare(divisor) == Ordering::Less { quotient } else { quotient.plus(&Self(vec![1])) }
    }
}

/// A number with a sign; 0 has either.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub(super) negative: bool,
    pub(super) size: Natural,
}

impl Whole {
    pub(super) fn new(value: i128) -> Self {
        Self { negative: value < 0, size: Natural::new(value.unsigned_abs()) }
    }

    /// `None` where it has more digits than that.
    pub(super) fn within(&self, digits: u8) -> Option<i128> {
        let size = (self.size.digits() <= usize::from(digits)).then(|| self.size.to_u128() as i128)?;
        Some(if self.negative { -size } else { size })
    }

    pub(super) fn shifted(&self, zeros: u8) -> Self {
        Self { size: self.size.shifted(usize::from(zeros)), ..*self }
    }

    pub(super) fn negated(&self) -> Self {
        Self { negative: !self.negative, size: self.size.clone() }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        if self.negative == other.negative {
            return Self { negative: self.negative, size: self.size.plus(&other.size) };
        }
        match self.size.compare(&other.size) {
            Ordering::Less => Self { negative: other.negative, size: other.size.minus(&self.size) },
            _ => Self { negative: self.negative, size: self.size.minus(&other.size) },
        }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self { negative: self.negative != other.negative, size: self.size.times(&other.size) }
    }

    /// The quotient, rounded half away from zero.
    pub(super) fn rounded_by(&self, divisor: &Self) -> Self {
        Self { negative: self.negative != divisor.negative, size: self.size.rounded_by(&divisor.size) }
    }

    /// What remains of a division towards zero.
    pub(super) fn remainder(&self, divisor: &Self) -> Self {
        Self { negative: self.negative, size: self.size.divided_by(&divisor.size).1 }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let difference = self.plus(&other.negated());
        match (difference.size.digits(), difference.negative) {
            (0, _) => Ordering::Equal,
            (_, true) => Ordering::Less,
            (_, false) => Ordering::Greater,
        }
    }
}

#[test]
fn the_model_agrees_with_small_numbers() {
    for a in [-1_000_007_i128, -100, -10, -9, -1, 0, 1, 5, 10, 99, 100, 12_345] {
        for b in [-1001_i128, -10, -7, -1, 1, 2, 3, 10, 11, 99_999] {
            let (x, y) = (Whole::new(a), Whole::new(b));
            assert_eq!(x.plus(&y).within(38), Some(a + b), "{a} + {b}");
            assert_eq!(x.times(&y).within(38), Some(a * b), "{a} * {b}");
            assert_eq!(x.remainder(&y).within(38), Some(a % b), "{a} % {b}");
            assert_eq!(x.compare(&y), a.cmp(&b), "{a} <=> {b}");
            let rounded = (a as f64 / b as f64).round() as i128;
            assert_eq!(x.rounded_by(&y).within(38), Some(rounded), "{a} / {b}");
        }
    }
}
