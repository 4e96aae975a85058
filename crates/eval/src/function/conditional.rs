//! Conditions.

use super::{Body, Function, Param};
use crate::build;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "COALESCE",
        signature: "COALESCE(value1 [, value2]*)",
        doc: "The first argument that is not NULL.",
        params: &[Param::Any],
        required: 1,
        variadic: true,
        body: Body::Build(build::coalesce),
    },
    Function {
        name: "IFNULL",
        signature: "IFNULL(value, replacement)",
        doc: "The replacement where the value is NULL.",
        params: &[Param::Any, Param::Any],
        required: 2,
        variadic: false,
        body: Body::Build(build::coalesce),
    },
    Function {
        name: "NULLIF",
        signature: "NULLIF(value1, value2)",
        doc: "NULL where both are equal, otherwise the first.",
        params: &[Param::Any, Param::Any],
        required: 2,
        variadic: false,
        body: Body::Build(build::null_if),
    },
    Function {
        name: "IF",
        signature: "IF(condition, value1, value2)",
        doc: "The first value where the condition is true, otherwise the second.",
        params: &[Param::Any, Param::Any, Param::Any],
        required: 3,
        variadic: false,
        body: Body::Build(build::if_else),
    },
    Function {
        name: "GREATEST",
        signature: "GREATEST(value1 [, value2]*)",
        doc: "The greatest argument; NULL if one is NULL.",
        params: &[Param::Any],
        required: 1,
        variadic: true,
        body: Body::Build(build::greatest),
    },
    Function {
        name: "LEAST",
        signature: "LEAST(value1 [, value2]*)",
        doc: "The least argument; NULL if one is NULL.",
        params: &[Param::Any],
        required: 1,
        variadic: true,
        body: Body::Build(build::least),
    },
];
