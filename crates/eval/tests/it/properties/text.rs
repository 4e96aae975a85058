//! Texts against vectors of characters (and of UTF-16 units where Flink counts those).

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, StringArray};
use proptest::prelude::*;
use rows::LogicalType;

use super::config;
use crate::support::Rows;

/// Few different characters, so that they are found; of one to four bytes.
fn texts(most: usize) -> impl Strategy<Value = String> {
    let characters = prop::sample::select(vec!['a', 'b', ' ', 'é', '語', '𝄞']);
    prop::collection::vec(characters, 0..most).prop_map(|characters| characters.into_iter().collect())
}

fn rows(s: &str, t: &str, i: i32, j: i32) -> Rows {
    let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let number = |number: i32| Arc::new(Int32Array::from(vec![number])) as ArrayRef;
    Rows::new(vec![
        ("s", LogicalType::STRING, text(s)),
        ("t", LogicalType::STRING, text(t)),
        ("i", LogicalType::Int, number(i)),
        ("j", LogicalType::Int, number(j)),
    ])
}

fn text(value: Option<String>) -> Vec<String> {
    vec![value.map_or("NULL".to_owned(), |value| format!("'{value}'"))]
}

/// Positions from 1; 0 is 1; negative ones count from the end.
fn substring(text: &[char], start: i32, length: Option<i32>) -> Option<String> {
    let length = length.unwrap_or(i32::MAX);
    if length < 0 {
        return None;
    }
    let first = if start < 0 { text.len() as i64 + i64::from(start) } else { i64::from(start.max(1)) - 1 };
    let last = first + i64::from(length);
    let inside = |at: &usize| first >= 0 && (first..last).contains(&(*at as i64));
    Some((0..text.len()).filter(inside).map(|at| text[at]).collect())
}

/// From 1; 0 where it is not.
fn position(part: &[char], text: &[char]) -> usize {
    (0..=text.len()).find(|at| text[*at..].starts_with(part)).map_or(0, |at| at + 1)
}

fn pad(text: &str, length: i32, padding: &str, before: bool) -> Option<String> {
    let (text, padding): (Vec<u16>, Vec<u16>) = (text.encode_utf16().collect(), padding.encode_utf16().collect());
    let length = usize::try_from(length).ok().filter(|_| !padding.is_empty())?;
    let kept = &text[..length.min(text.len())];
    let added: Vec<u16> = (0..length - kept.len()).map(|at| padding[at % padding.len()]).collect();
    let units = if before { [&added, kept].concat() } else { [kept, &added].concat() };
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or('?')).collect())
}

fn replace(text: &[char], old: &[char], new: &str) -> String {
    let (mut at, mut out) = (0, String::new());
    while at < text.len() {
        if text[at..].starts_with(old) {
            out.push_str(new);
            at += old.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn parts_are_taken_by_characters(s in texts(9), i in -12..12_i32, j in -2..12_i32) {
        let rows = rows(&s, "", i, j);
        let characters: Vec<char> = s.chars().collect();
        prop_assert_eq!(rows.shown("SUBSTRING(s FROM i FOR j)"), text(substring(&characters, i, Some(j))));
        prop_assert_eq!(rows.shown("SUBSTRING(s FROM i)"), text(substring(&characters, i, None)));
        let count = |number: i32| (number.max(0) as usize).min(characters.len());
        prop_assert_eq!(rows.shown("LEFT(s, i)"), text(Some(characters[..count(i)].iter().collect())));
        let right = characters[characters.len() - count(i)..].iter().collect();
        prop_assert_eq!(rows.shown("RIGHT(s, i)"), text(Some(right)));
        prop_assert_eq!(rows.shown("CHAR_LENGTH(s)"), [characters.len().to_string()]);
        prop_assert_eq!(rows.shown("REVERSE(s)"), text(Some(characters.iter().rev().collect())));
        prop_assert_eq!(rows.shown("REPEAT(s, j)"), text(Some(s.repeat(j.max(0) as usize))));
    }

    #[test]
    fn any_position_and_length_is_taken(s in texts(5), i: i32, j: i32) {
        let characters: Vec<char> = s.chars().collect();
        prop_assert_eq!(rows(&s, "", i, j).shown("SUBSTRING(s FROM i FOR j)"), text(substring(&characters, i, Some(j))));
    }

    #[test]
    fn texts_are_found_and_replaced(s in texts(12), t in texts(3)) {
        let rows = rows(&s, &t, 0, 0);
        let (characters, part): (Vec<char>, Vec<char>) = (s.chars().collect(), t.chars().collect());
        let at = position(&part, &characters);
        for found in ["POSITION(t IN s)", "LOCATE(t, s)", "INSTR(s, t)"] {
            prop_assert_eq!(rows.shown(found), [at.to_string()], "{}", found);
        }
        prop_assert_eq!(rows.shown("s LIKE '%' || t || '%'"), [(at > 0).to_string()]);
        prop_assert_eq!(rows.shown("STARTSWITH(s, t)"), [characters.starts_with(&part).to_string()]);
        prop_assert_eq!(rows.shown("ENDSWITH(s, t)"), [characters.ends_with(&part).to_string()]);
        if !part.is_empty() {
            prop_assert_eq!(rows.shown("REPLACE(s, t, '<>')"), text(Some(replace(&characters, &part, "<>"))));
        }
    }

    #[test]
    fn trimming_drops_any_of_the_characters(s in texts(9), t in texts(3)) {
        let rows = rows(&s, &t, 0, 0);
        let characters: Vec<char> = s.chars().collect();
        let drops = |character: &&char| t.contains(**character);
        let (leading, trailing) = (characters.iter().take_while(drops).count(), characters.iter().rev().take_while(drops).count());
        let kept = |from: usize, to: usize| text(Some(characters[from.min(to)..to].iter().collect()));
        let end = characters.len();
        prop_assert_eq!(rows.shown("TRIM(LEADING t FROM s)"), kept(leading, end));
        prop_assert_eq!(rows.shown("TRIM(TRAILING t FROM s)"), kept(0, end - trailing));
        prop_assert_eq!(rows.shown("TRIM(BOTH t FROM s)"), kept(leading, end - trailing));
    }

    #[test]
    fn padding_counts_units(s in texts(6), t in texts(3), i in -2..14_i32) {
        let rows = rows(&s, &t, i, 0);
        prop_assert_eq!(rows.shown("LPAD(s, i, t)"), text(pad(&s, i, &t, true)));
        prop_assert_eq!(rows.shown("RPAD(s, i, t)"), text(pad(&s, i, &t, false)));
    }

    #[test]
    fn texts_are_ordered_by_their_bytes_and_joined_in_order(s in texts(5), t in texts(5)) {
        let rows = rows(&s, &t, 0, 0);
        prop_assert_eq!(rows.shown("s < t"), [(s.as_bytes() < t.as_bytes()).to_string()]);
        prop_assert_eq!(rows.shown("s = t"), [(s == t).to_string()]);
        prop_assert_eq!(rows.shown("CONCAT(s, t, s)"), text(Some(format!("{s}{t}{s}"))));
        prop_assert_eq!(rows.shown("CONCAT_WS('-', s, CAST(NULL AS STRING), t)"), text(Some(format!("{s}-{t}"))));
    }
}
