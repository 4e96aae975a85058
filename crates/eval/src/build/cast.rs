//! CAST, TRY_CAST, and the casts that constructors put in themselves.

use rows::LogicalType;

use crate::error::TypeError;
use crate::expr::{CastFailure, Expr, Node};
use crate::scalar::Scalar;
use crate::typing::{self, castable, is_numeric};

impl Expr {
    /// `CAST(self AS ty)`.
    pub fn cast(self, ty: LogicalType) -> Result<Self, TypeError> {
        check(&self.ty, &ty)?;
        self.into_type(ty).within_limits()
    }

    /// `TRY_CAST(self AS ty)`: NULL where CAST would fail.
    pub fn try_cast(self, ty: LogicalType) -> Result<Self, TypeError> {
        check(&self.ty, &ty)?;
        Self::new(Node::Cast { input: Box::new(self), failure: CastFailure::Null }, ty, true).within_limits()
    }

    /// To a type that is known to be possible; no node where nothing changes.
    pub(crate) fn into_type(self, ty: LogicalType) -> Self {
        if self.ty == ty {
            return self;
        }
        if matches!(self.node, Node::Literal(Scalar::Null)) {
            return Self::new(self.node, ty, true);
        }
        let nullable = self.nullable;
        Self::new(Node::Cast { input: Box::new(self), failure: CastFailure::Error }, ty, nullable)
    }

    /// As INSERT does it: the query's column becomes the sink's type without a word, where Flink allows that.
    pub fn store_as(self, ty: LogicalType) -> Result<Self, TypeError> {
        let same_family = (is_numeric(&self.ty) && is_numeric(&ty))
            || (typing::is_text(&self.ty) && typing::is_text(&ty))
            || (typing::is_bytes(&self.ty) && typing::is_bytes(&ty))
            || (typing::is_datetime(&self.ty) && typing::is_datetime(&ty))
            || self.ty == ty
            || self.is_bare_null();
        if !same_family || !castable::explicitly(&self.ty, &ty) {
            return Err(TypeError::new(format!(
                "a value of type {} cannot be stored in a column of type {ty}",
                self.ty
            ))
            .hint(format!("cast it: CAST(… AS {ty})")));
        }
        Ok(self.into_type(ty))
    }
}

fn check(from: &LogicalType, to: &LogicalType) -> Result<(), TypeError> {
    if castable::explicitly(from, to) {
        return Ok(());
    }
    let message = match (from, to) {
        (LogicalType::Timestamp(_), _) if is_numeric(to) => {
            "The cast from TIMESTAMP type to NUMERIC type is not allowed. It's recommended to use \
             UNIX_TIMESTAMP(CAST(timestamp_col AS STRING)) instead."
                .to_owned()
        }
        (LogicalType::TimestampLtz(_), _) if is_numeric(to) => {
            "The cast from TIMESTAMP_LTZ type to NUMERIC type is not allowed.".to_owned()
        }
        (_, LogicalType::Timestamp(_)) if is_numeric(from) => {
            "The cast from NUMERIC type to TIMESTAMP type is not allowed. It's recommended to use \
             TO_TIMESTAMP(FROM_UNIXTIME(numeric_col)) instead, note the numeric is in seconds."
                .to_owned()
        }
        (_, LogicalType::TimestampLtz(_)) if is_numeric(from) => {
            "The cast from NUMERIC type to TIMESTAMP_LTZ type is not allowed. It's recommended to use \
             TO_TIMESTAMP_LTZ(numeric_col, precision) instead."
                .to_owned()
        }
        _ => {
            let name = |ty: &LogicalType| typing::validator_name(ty).trim_matches(['<', '>']).to_owned();
            format!("Cast function cannot convert value of type {} to type {}", name(from), name(to))
        }
    };
    Err(TypeError::new(message))
}
