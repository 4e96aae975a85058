//! A record as a line of JSON: what `produce` reads and the demo's capture is made of.
//!
//! `key` and `value` are texts or null; `key_base64` and `value_base64` hold bytes that are no text. `headers` is a list of
//! `{"key":…,"value":…}` or an object of name and text.

use base::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// A record on its way to a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordLine {
    pub(crate) topic: Option<String>,
    pub(crate) partition: Option<i32>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    topic: Option<String>,
    partition: Option<i32>,
    /// Given by `consume`, of no use here.
    #[serde(rename = "offset")]
    _offset: Option<i64>,
    timestamp: Option<i64>,
    key: Option<String>,
    key_base64: Option<String>,
    value: Option<String>,
    value_base64: Option<String>,
    headers: Option<Value>,
}

#[derive(Deserialize)]
struct HeaderLine {
    key: String,
    value: Option<String>,
    value_base64: Option<String>,
}

impl RecordLine {
    /// Reads one line.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let line: Line = serde_json::from_str(line).map_err(|error| {
            Error::user(format!("the line is no record: {error}"))
                .hint(r#"a record is {"key":"…","value":"…","headers":[{"key":"…","value":"…"}],"partition":0,"timestamp":0}; for bare values use --format raw"#)
        })?;
        Ok(Self {
            topic: line.topic,
            partition: line.partition,
            timestamp: line.timestamp,
            key: bytes(line.key, line.key_base64)?,
            value: bytes(line.value, line.value_base64)?,
            headers: line.headers.map_or(Ok(Vec::new()), headers)?,
        })
    }
}

fn headers(value: Value) -> Result<Vec<(String, Option<Vec<u8>>)>> {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| match value {
                Value::Null => Ok((key, None)),
                Value::String(text) => Ok((key, Some(text.into_bytes()))),
                other => Err(Error::user(format!("the header '{key}' is {other}, not a text"))),
            })
            .collect(),
        list => {
            let list: Vec<HeaderLine> = serde_json::from_value(list)
                .map_err(|error| Error::user(format!("the headers are not a list of key and value: {error}")))?;
            list.into_iter().map(|header| Ok((header.key, bytes(header.value, header.value_base64)?))).collect()
        }
    }
}

fn bytes(text: Option<String>, base64: Option<String>) -> Result<Option<Vec<u8>>> {
    match (text, base64) {
        (Some(_), Some(_)) => Err(Error::user("a text and its base64 form are both given")),
        (Some(text), None) => Ok(Some(text.into_bytes())),
        (None, Some(base64)) => {
            STANDARD.decode(base64).map(Some).map_err(|error| Error::user(format!("not base64: {error}")))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_in_all_their_forms() {
        let line = r#"{"topic":"t","partition":2,"offset":9,"key":null,"value_base64":"AP8=","headers":[{"key":"a","value":"1"},{"key":"a","value":null}],"timestamp":5}"#;
        let record = RecordLine::parse(line).unwrap();
        assert_eq!(record.partition, Some(2));
        assert_eq!((record.key, record.value), (None, Some(vec![0, 255])));
        assert_eq!(record.headers, [("a".to_owned(), Some(b"1".to_vec())), ("a".to_owned(), None)]);
        let record = RecordLine::parse(r#"{"key":"k","value":"v","headers":{"h":"x"}}"#).unwrap();
        assert_eq!(record.headers, [("h".to_owned(), Some(b"x".to_vec()))]);
        for wrong in ["x", "[]", r#"{"valu":"v"}"#, r#"{"value":"v","value_base64":"AA=="}"#, r#"{"headers":{"h":1}}"#]
        {
            assert!(RecordLine::parse(wrong).is_err(), "{wrong} was accepted");
        }
    }
}
