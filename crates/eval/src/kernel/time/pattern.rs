//! Patterns of Java's date-time formatters, as far as streams use them: `yyyy-MM-dd HH:mm:ss.SSS`, `EEE, MMM dd`, quoted text.

use crate::calendar::{self, Moment, write_digits};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Text(String),
    Field(char, usize),
    /// Where an optional part begins or ends.
    Optional,
}

/// A parsed pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Item>);

impl Pattern {
    /// Fails on letters that mean nothing, or something that is not supported.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        let mut items: Vec<Item> = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(character) = rest.next() {
            if character == '\'' {
                items.push(Item::Text(quoted(&mut rest, pattern)?));
            } else if matches!(character, '[' | ']') {
                // An optional part: always written.
                items.push(Item::Optional);
            } else if matches!(character, '{' | '}' | '#') {
                return Err(format!("Pattern includes reserved character: '{character}'"));
            } else if character.is_ascii_alphabetic() {
                if !"yuMLdDHhKkmsSEaQ".contains(character) {
                    return Err(format!("Unknown pattern letter: {character}"));
                }
                let mut count = 1;
                while rest.next_if_eq(&character).is_some() {
                    count += 1;
                }
                items.push(Item::Field(character, count));
            } else if let Some(Item::Text(text)) = items.last_mut() {
                text.push(character);
            } else {
                items.push(Item::Text(character.to_string()));
            }
        }
        Ok(Self(items))
    }

    pub(super) fn format(&self, moment: Moment, out: &mut Vec<u8>) {
        let (year, month, day) = calendar::civil(moment.day);
        let seconds = moment.nanos / 1_000_000_000;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        for item in &self.0 {
            let (letter, count) = match item {
                Item::Text(text) => {
                    out.extend_from_slice(text.as_bytes());
                    continue;
                }
                Item::Optional => continue,
                Item::Field(letter, count) => (*letter, *count),
            };
            let number = match letter {
                'y' | 'u' if count == 2 => year.rem_euclid(100),
                'y' | 'u' => year,
                'M' | 'L' if count >= 3 => {
                    name(out, MONTHS[(month - 1) as usize], count);
                    continue;
                }
                'M' | 'L' => month,
                'd' => day,
                'D' => moment.day - calendar::day(year, 1, 1) + 1,
                'H' => hour,
                'k' => (hour + 23) % 24 + 1,
                'K' => hour % 12,
                'h' => (hour + 11) % 12 + 1,
                'm' => minute,
                's' => second,
                'Q' => (month + 2) / 3,
                'S' => {
                    fraction(out, moment.nanos % 1_000_000_000, count);
                    continue;
                }
                'E' => {
                    name(out, WEEKDAYS[(moment.day + 3).rem_euclid(7) as usize], count);
                    continue;
                }
                _ => {
                    out.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" });
                    continue;
                }
            };
            write_digits(out, number.unsigned_abs(), count);
        }
    }

    /// Reads a whole text; missing parts are those of 1970-01-01 00:00:00. `None` if the text does not follow the pattern. A
    /// day that its month does not have is the month's last where `smart`, and runs over into the next where not.
    pub(super) fn read(&self, text: &str, days: Days) -> Option<Moment> {
        let mut rest = text;
        let mut parts =
            Parts { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanos: 0, afternoon: None };
        for (index, item) in self.0.iter().enumerate() {
            rest = match item {
                // What may be missing is not looked for: no text follows such a pattern.
                Item::Optional => return None,
                Item::Text(expected) => rest.strip_prefix(expected.as_str())?,
                Item::Field(letter, count) => {
                    // Digits run on only where no other number follows directly.
                    let adjacent = matches!(self.0.get(index + 1), Some(Item::Field(..)));
                    parts.take(*letter, *count, adjacent, rest)?
                }
            };
        }
        if !rest.is_empty() && days == Days::Smart {
            return None;
        }
        parts.moment(days)
    }
}

/// What becomes of 30 February.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// The last of February (Java's `DateTimeFormatter`).
    Smart,
    /// A day in March; text after the pattern is ignored (Java's `SimpleDateFormat`).
    Lenient,
}

struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    afternoon: Option<bool>,
}

impl Parts {
    fn take<'a>(&mut self, letter: char, count: usize, adjacent: bool, text: &'a str) -> Option<&'a str> {
        match letter {
            'M' | 'L' if count >= 3 => {
                let (index, rest) = take_name(&MONTHS, count, text)?;
                self.month = index as i64 + 1;
                return Some(rest);
            }
            'E' => return take_name(&WEEKDAYS, count, text).map(|(_, rest)| rest),
            'a' => {
                let marker = text.get(..2)?.to_ascii_uppercase();
                self.afternoon = Some(match marker.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                return text.get(2..);
            }
            _ => {}
        }
        let most = match letter {
            _ if adjacent || letter == 'S' => count,
            'y' | 'u' if count == 2 => 2,
            'y' | 'u' => count.max(9),
            _ => count.max(2),
        };
        let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let least = if letter == 'S' || (matches!(letter, 'y' | 'u') && count >= 2) { count } else { 1 };
        if length < least.min(most) || length > 18 {
            return None;
        }
        let (digits, rest) = text.split_at_checked(length)?;
        let number: i64 = digits.parse().ok()?;
        match letter {
            'y' | 'u' if count == 2 => self.year = 2000 + number,
            'y' | 'u' => self.year = number,
            'M' | 'L' => self.month = number,
            'd' => self.day = number,
            'H' => self.hour = number,
            'k' | 'h' => self.hour = number % if letter == 'k' { 24 } else { 12 },
            'K' => self.hour = number,
            'm' => self.minute = number,
            's' => self.second = number,
            'S' if length <= 9 => self.nanos = number * 10_i64.pow(9 - length as u32),
            _ => return None,
        }
        Some(rest)
    }

    fn moment(&self, days: Days) -> Option<Moment> {
        let hour = self.hour + if self.afternoon == Some(true) { 12 } else { 0 };
        let within = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && hour < 24
            && self.minute < 60
            && self.second < 60;
        if days == Days::Smart && (!within || self.year > 9999) {
            return None;
        }
        if self.year > 999_999
            || self.month > 9999
            || self.day > 9999
            || hour > 9999
            || self.minute > 9999
            || self.second > 9999
        {
            return None;
        }
        let months = self.year * 12 + self.month - 1;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        let day = if days == Days::Smart { self.day.min(calendar::days_in_month(year, month)) } else { self.day };
        let midnight = Moment { day: calendar::day(year, month, 1) + day - 1, nanos: 0 };
        let moment = midnight.plus_seconds((hour * 60 + self.minute) * 60 + self.second);
        Some(Moment { nanos: moment.nanos + self.nanos, ..moment })
    }
}

fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, pattern: &str) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match rest.next() {
            None => return Err(format!("Pattern ends with an incomplete string literal: {pattern}")),
            Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
            // Two quotes in a row are one.
            Some('\'') => return Ok(if text.is_empty() { "'".to_owned() } else { text }),
            Some(character) => text.push(character),
        }
    }
}

fn name(out: &mut Vec<u8>, full: &str, count: usize) {
    let length = match count {
        4 => full.len(),
        5.. => 1,
        _ => 3,
    };
    out.extend_from_slice(full.as_bytes().get(..length).unwrap_or_default());
}

fn take_name<'a>(names: &[&str], count: usize, text: &'a str) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(index, full)| {
        let name = if count >= 4 { full } else { full.get(..3)? };
        text.strip_prefix(name).map(|rest| (index, rest))
    })
}

fn fraction(out: &mut Vec<u8>, nanos: i64, count: usize) {
    let mut digits = Vec::with_capacity(9);
    write_digits(&mut digits, nanos.unsigned_abs(), 9);
    digits.resize(count.max(9), b'0');
    out.extend_from_slice(&digits[..count]);
}
