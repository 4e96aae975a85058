//! Syntax of its own around times and texts: intervals, EXTRACT, FLOOR … TO, TIMESTAMPADD, TRIM, LIKE.

use rows::LogicalType;

use super::call::{strict, wrong_arguments, wrong_operands};
use super::no_bare_null;
use crate::calendar::MILLIS_PER_DAY;
use crate::error::TypeError;
use crate::expr::{Expr, Symbol, TimeUnit, TrimSide};
use crate::interval::{self, Interval};
use crate::kernel::{like, text, time};
use crate::typing::{is_datetime, is_integer, is_text, is_timestamp};

impl Expr {
    /// `self + interval`; subtract by [`Interval::negated`].
    pub fn plus_interval(self, interval: Interval) -> Result<Self, TypeError> {
        let (unit, amount) = match interval {
            Interval::Months(n) => (TimeUnit::Month, n),
            Interval::Millis(n) => (TimeUnit::Millisecond, n),
        };
        self.shifted("+", unit, Self::big_int(amount), true)
    }

    /// `TIMESTAMPADD(unit, amount, self)`
    pub fn timestamp_add(unit: TimeUnit, amount: Self, to: Self) -> Result<Self, TypeError> {
        if !is_integer(&amount.ty) {
            return Err(wrong_arguments(
                "TIMESTAMPADD",
                &[amount, to],
                &["TIMESTAMPADD(<UNIT>, <INTEGER>, <DATETIME>)"],
            ));
        }
        let Some(size) = interval::size(unit) else {
            return Err(TypeError::new(format!("TIMESTAMPADD has no unit {}", unit.name())));
        };
        let unit = if interval::is_month_based(unit) { TimeUnit::Month } else { TimeUnit::Millisecond };
        let amount = Self::arithmetic(
            crate::expr::ArithmeticOp::Multiply,
            amount.into_type(LogicalType::BigInt),
            Self::big_int(size),
        )?;
        to.shifted("TIMESTAMPADD", unit, amount, size % MILLIS_PER_DAY == 0 || unit == TimeUnit::Month)
    }

    fn big_int(value: i64) -> Self {
        Self::new(crate::expr::Node::Literal(crate::Scalar::BigInt(value)), LogicalType::BigInt, false)
    }

    fn shifted(self, name: &'static str, unit: TimeUnit, amount: Self, whole_days: bool) -> Result<Self, TypeError> {
        let ty = match &self.ty {
            // A date and hours make a timestamp in TIMESTAMPADD, but stay a date with an interval.
            LogicalType::Date if name == "TIMESTAMPADD" && !whole_days => LogicalType::Timestamp(6),
            ty if is_datetime(ty) => ty.clone(),
            _ => {
                return Err(wrong_operands("+", &self, &amount, &["'<DATETIME> {op} <DATETIME_INTERVAL>'"]));
            }
        };
        let input = self.into_type(ty.clone());
        Ok(strict(name, time::shift, vec![input, amount], ty, Some(Symbol::Unit(unit))))
    }

    /// `TIMESTAMPDIFF(unit, from, to)`
    pub fn timestamp_diff(unit: TimeUnit, from: Self, to: Self) -> Result<Self, TypeError> {
        let local = |ty: &LogicalType| matches!(ty, LogicalType::TimestampLtz(_));
        let times = |ty: &LogicalType| is_timestamp(ty) || *ty == LogicalType::Date;
        if !times(&from.ty) || !times(&to.ty) || interval::size(unit).is_none() {
            return Err(wrong_arguments(
                "TIMESTAMPDIFF",
                &[from, to],
                &["TIMESTAMPDIFF(<UNIT>, <DATETIME>, <DATETIME>)"],
            ));
        }
        if local(&from.ty) != local(&to.ty) {
            return Err(TypeError::new("TIMESTAMP_LTZ only supports diff between the same type."));
        }
        Ok(strict("TIMESTAMPDIFF", time::diff, vec![from, to], LogicalType::Int, Some(Symbol::Unit(unit))))
    }

    /// `EXTRACT(unit FROM self)`, also YEAR(self) and its like.
    pub fn extract(self, unit: TimeUnit) -> Result<Self, TypeError> {
        no_bare_null([&self])?;
        let possible = match &self.ty {
            LogicalType::Time(_) => {
                matches!(unit, TimeUnit::Hour | TimeUnit::Minute | TimeUnit::Second | TimeUnit::Millisecond)
            }
            ty => is_datetime(ty),
        };
        if !possible && matches!(self.ty, LogicalType::Time(_)) {
            return Err(TypeError::new(format!("unit {} can not be applied to time variable", unit.name())));
        }
        if !possible {
            return Err(wrong_arguments("EXTRACT", &[self], &["EXTRACT(<DATETIME_INTERVAL> FROM <DATETIME>)"]));
        }
        Ok(strict("EXTRACT", time::extract, vec![self], LogicalType::BigInt, Some(Symbol::Unit(unit))))
    }

    /// `FLOOR(self TO unit)`
    pub fn floor_to(self, unit: TimeUnit) -> Result<Self, TypeError> {
        rounded("FLOOR", time::floor, self, unit)
    }

    /// `CEIL(self TO unit)`
    pub fn ceil_to(self, unit: TimeUnit) -> Result<Self, TypeError> {
        rounded("CEIL", time::ceil, self, unit)
    }

    /// `TRIM(side characters FROM self)`; blanks where no characters are named.
    pub fn trim(self, side: TrimSide, characters: Option<Self>) -> Result<Self, TypeError> {
        let characters = characters.unwrap_or_else(|| Self::string(" "));
        let args = vec![self, characters];
        if !args.iter().all(|arg| is_text(&arg.ty)) {
            return Err(wrong_arguments(
                "TRIM",
                &args,
                &["TRIM([BOTH|LEADING|TRAILING] <CHARACTER> FROM <CHARACTER>)"],
            ));
        }
        let ty = LogicalType::Varchar(crate::typing::common::length(&args[0].ty));
        Ok(strict("TRIM", text::trim, args, ty, Some(Symbol::Trim(side))))
    }

    /// `self LIKE pattern [ESCAPE escape]`; negate with [`Expr::not`].
    pub fn like(self, pattern: Self, escape: Option<char>) -> Result<Self, TypeError> {
        if !is_text(&self.ty) || !is_text(&pattern.ty) {
            let typed = |expr: Self| if expr.is_bare_null() { expr.into_type(LogicalType::STRING) } else { expr };
            let args = [typed(self), typed(pattern)];
            return Err(wrong_arguments("LIKE", &args, &["LIKE(<STRING>, <STRING>, <STRING>)"]));
        }
        if let Some(crate::Scalar::Text(text)) = pattern.as_literal() {
            like::Pattern::parse(text, escape).map_err(|reason| TypeError::new(reason).argument(1))?;
        }
        Ok(strict("LIKE", like::like, vec![self, pattern], LogicalType::Boolean, Some(Symbol::Escape(escape))))
    }
}

fn rounded(
    name: &'static str,
    kernel: crate::kernel::args::Kernel,
    input: Expr,
    unit: TimeUnit,
) -> Result<Expr, TypeError> {
    no_bare_null([&input])?;
    if !is_datetime(&input.ty) {
        let form = format!("{name}(<DATETIME> TO <TIME_UNIT>)");
        return Err(wrong_arguments(name, &[input], &[&form]));
    }
    let ty = input.ty.clone();
    Ok(strict(name, kernel, vec![input], ty, Some(Symbol::Unit(unit))))
}
