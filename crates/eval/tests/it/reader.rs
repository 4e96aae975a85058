//! A small reader of SQL expressions, enough for the golden file: it calls the constructors as a planner would.

use eval::{ArithmeticOp, CompareOp, Expr, Interval, Test, TimeUnit, TrimSide, TypeError};
use rows::{Field, LogicalType};

pub(crate) fn read(sql: &str, fields: &[Field]) -> Result<Expr, TypeError> {
    let mut reader = Reader { tokens: tokens(sql), at: 0, fields };
    let expr = reader.disjunction()?;
    assert_eq!(reader.at, reader.tokens.len(), "unread text in {sql}: {:?}", &reader.tokens[reader.at..]);
    Ok(expr)
}

/// The type that a column's declaration names.
pub(crate) fn read_type(sql: &str) -> LogicalType {
    Reader { tokens: tokens(sql), at: 0, fields: &[] }.ty()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// Upper case; `column` keeps what was written.
    Word(String, String),
    Number(String),
    Text(String),
    Sign(&'static str),
}

fn tokens(sql: &str) -> Vec<Token> {
    const SIGNS: [&str; 16] = ["<>", "<=", ">=", "||", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",", "."];
    let mut tokens = Vec::new();
    let characters: Vec<char> = sql.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let start = at;
        let run = |at: usize, keep: &dyn Fn(char) -> bool| {
            (at..characters.len()).find(|i| !keep(characters[*i])).unwrap_or(characters.len())
        };
        let first = characters[at];
        if first.is_whitespace() {
            at += 1;
        } else if first == '\'' {
            let mut text = String::new();
            at += 1;
            loop {
                match (characters[at], characters.get(at + 1)) {
                    ('\'', Some('\'')) => at += 1,
                    ('\'', _) => break,
                    _ => {}
                }
                text.push(characters[at]);
                at += 1;
            }
            at += 1;
            tokens.push(Token::Text(text));
        } else if first.is_ascii_digit() || (first == '.' && characters.get(at + 1).is_some_and(char::is_ascii_digit)) {
            at = run(at, &|c| c.is_ascii_digit() || c == '.');
            if characters.get(at).is_some_and(|c| matches!(c, 'e' | 'E')) {
                at += 1;
                if characters.get(at) == Some(&'-') {
                    at += 1;
                }
                at = run(at, &|c| c.is_ascii_digit());
            }
            tokens.push(Token::Number(characters[start..at].iter().collect()));
        } else if first.is_alphabetic() {
            at = run(at, &|c| c.is_alphanumeric() || c == '_');
            let word: String = characters[start..at].iter().collect();
            tokens.push(Token::Word(word.to_uppercase(), word));
        } else {
            let rest: String = characters[at..].iter().collect();
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).unwrap_or_else(|| panic!("what is {rest}"));
            at += sign.len();
            tokens.push(Token::Sign(sign));
        }
    }
    tokens
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    fields: &'a [Field],
}

type Read = Result<Expr, TypeError>;

impl Reader<'_> {
    fn word(&self) -> &str {
        match self.tokens.get(self.at) {
            Some(Token::Word(upper, _)) => upper,
            _ => "",
        }
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = match self.tokens.get(self.at) {
            Some(Token::Word(upper, _)) => upper == word,
            Some(Token::Sign(sign)) => *sign == word,
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) {
        assert!(self.eat(word), "expected {word} before {:?}", &self.tokens[self.at..]);
    }

    fn text(&mut self) -> String {
        match self.tokens.get(self.at) {
            Some(Token::Text(text)) => {
                self.at += 1;
                text.clone()
            }
            other => panic!("expected a text, found {other:?}"),
        }
    }

    fn number(&mut self) -> u32 {
        match self.tokens.get(self.at) {
            Some(Token::Number(number)) => {
                self.at += 1;
                number.parse().expect("a number")
            }
            other => panic!("expected a number, found {other:?}"),
        }
    }

    fn disjunction(&mut self) -> Read {
        let mut terms = vec![self.conjunction()?];
        while self.eat("OR") {
            terms.push(self.conjunction()?);
        }
        if terms.len() == 1 { Ok(terms.remove(0)) } else { Expr::or(terms) }
    }

    fn conjunction(&mut self) -> Read {
        let mut terms = vec![self.negation()?];
        while self.eat("AND") {
            terms.push(self.negation()?);
        }
        if terms.len() == 1 { Ok(terms.remove(0)) } else { Expr::and(terms) }
    }

    fn negation(&mut self) -> Read {
        if self.eat("NOT") { self.negation()?.not() } else { self.comparison() }
    }

    fn comparison(&mut self) -> Read {
        let mut left = self.sum()?;
        loop {
            let ops = [
                ("=", CompareOp::Equal),
                ("<>", CompareOp::NotEqual),
                ("<=", CompareOp::LessOrEqual),
                (">=", CompareOp::GreaterOrEqual),
                ("<", CompareOp::Less),
                (">", CompareOp::Greater),
            ];
            if let Some((_, op)) = ops.iter().find(|(sign, _)| self.eat(sign)) {
                left = Expr::compare(*op, left, self.sum()?)?;
            } else if self.eat("IS") {
                left = self.is(left)?;
            } else {
                let negated =
                    self.word() == "NOT" && !matches!(self.tokens.get(self.at + 1), None | Some(Token::Sign(_)));
                self.at += usize::from(negated);
                let Some(result) = self.range(&left) else { return Ok(left) };
                left = if negated { result?.not()? } else { result? };
            }
        }
    }

    fn is(&mut self, left: Expr) -> Read {
        let negated = self.eat("NOT");
        if self.eat("DISTINCT") {
            self.expect("FROM");
            let op = if negated { CompareOp::NotDistinct } else { CompareOp::Distinct };
            return Expr::compare(op, left, self.sum()?);
        }
        let test = match self.word() {
            "NULL" | "UNKNOWN" if negated => Test::NotNull,
            "NULL" | "UNKNOWN" => Test::Null,
            "TRUE" if negated => Test::NotTrue,
            "TRUE" => Test::True,
            _ if negated => Test::NotFalse,
            _ => Test::False,
        };
        self.at += 1;
        left.is(test)
    }

    fn range(&mut self, left: &Expr) -> Option<Read> {
        let left = left.clone();
        if self.eat("BETWEEN") {
            let symmetric = self.eat("SYMMETRIC");
            let bounds = self.sum().and_then(|low| {
                self.expect("AND");
                Ok((low, self.sum()?))
            });
            return Some(bounds.and_then(|(low, high)| {
                if symmetric { left.between_symmetric(low, high) } else { left.between(low, high) }
            }));
        }
        if self.eat("IN") {
            self.expect("(");
            return Some(self.list().and_then(|list| left.in_list(list)));
        }
        if self.eat("LIKE") {
            let pattern = self.sum();
            let escape = self.eat("ESCAPE").then(|| self.text().chars().next().expect("a character"));
            return Some(pattern.and_then(|pattern| left.like(pattern, escape)));
        }
        None
    }

    /// After the opening parenthesis.
    fn list(&mut self) -> Result<Vec<Expr>, TypeError> {
        let mut list = Vec::new();
        if self.eat(")") {
            return Ok(list);
        }
        loop {
            list.push(self.disjunction()?);
            if !self.eat(",") {
                self.expect(")");
                return Ok(list);
            }
        }
    }

    fn interval(&mut self) -> Option<Result<Interval, TypeError>> {
        if self.word() != "INTERVAL" {
            return None;
        }
        self.at += 1;
        let text = self.text();
        let from = self.unit();
        let to = self.eat("TO").then(|| self.unit());
        Some(Interval::parse(&text, from, to))
    }

    fn unit(&mut self) -> TimeUnit {
        let unit = TimeUnit::by_name(self.word()).unwrap_or_else(|| panic!("{} is no unit", self.word()));
        self.at += 1;
        unit
    }

    fn sum(&mut self) -> Read {
        if let Some(interval) = self.interval() {
            self.expect("+");
            return self.product()?.plus_interval(interval?);
        }
        let mut left = self.product()?;
        loop {
            let minus = self.eat("-");
            if minus || self.eat("+") {
                if let Some(interval) = self.interval() {
                    let interval = interval?;
                    left = left.plus_interval(if minus { interval.negated() } else { interval })?;
                } else {
                    let op = if minus { ArithmeticOp::Subtract } else { ArithmeticOp::Add };
                    left = Expr::arithmetic(op, left, self.product()?)?;
                }
            } else if self.eat("||") {
                left = Expr::concat(left, self.product()?)?;
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Read {
        let mut left = self.sign()?;
        let ops = [("*", ArithmeticOp::Multiply), ("/", ArithmeticOp::Divide), ("%", ArithmeticOp::Modulo)];
        while let Some((_, op)) = ops.iter().find(|(sign, _)| self.eat(sign)) {
            left = Expr::arithmetic(*op, left, self.sign()?)?;
        }
        Ok(left)
    }

    fn sign(&mut self) -> Read {
        if self.eat("-") {
            if let Some(Token::Number(number)) = self.tokens.get(self.at).cloned() {
                self.at += 1;
                return Expr::number(&format!("-{number}"));
            }
            return self.sign()?.negate();
        }
        if self.eat("+") { self.sign()?.positive() } else { self.primary() }
    }

    fn primary(&mut self) -> Read {
        if self.eat("(") {
            let expr = self.disjunction()?;
            self.expect(")");
            return Ok(expr);
        }
        let token = self.tokens.get(self.at).cloned().expect("an expression");
        self.at += 1;
        match token {
            Token::Text(text) => Ok(Expr::string(text)),
            Token::Number(number) => Expr::number(&number),
            Token::Sign(sign) => panic!("unexpected {sign}"),
            Token::Word(upper, written) => self.after_word(&upper, &written),
        }
    }

    fn after_word(&mut self, upper: &str, written: &str) -> Read {
        let text_follows = matches!(self.tokens.get(self.at), Some(Token::Text(_)));
        match upper {
            "NULL" => Ok(Expr::null()),
            "TRUE" => Ok(Expr::boolean(true)),
            "FALSE" => Ok(Expr::boolean(false)),
            "X" if text_follows => Expr::bytes(&self.text()),
            "DATE" if text_follows => Expr::date(&self.text()),
            "TIME" if text_follows => Expr::time(&self.text()),
            "TIMESTAMP" if text_follows => Expr::timestamp(&self.text()),
            "CASE" => self.case(),
            _ if self.eat("(") => self.call(upper),
            _ => {
                let index = self.fields.iter().position(|field| field.name == written);
                let index = index.unwrap_or_else(|| panic!("no column {written}"));
                Ok(Expr::column(index, &self.fields[index]))
            }
        }
    }

    fn case(&mut self) -> Read {
        let operand = if self.word() == "WHEN" { None } else { Some(self.disjunction()?) };
        let mut branches = Vec::new();
        while self.eat("WHEN") {
            let when = self.disjunction()?;
            self.expect("THEN");
            branches.push((when, self.disjunction()?));
        }
        let otherwise = if self.eat("ELSE") { Some(self.disjunction()?) } else { None };
        self.expect("END");
        Expr::case(operand, branches, otherwise)
    }

    fn call(&mut self, name: &str) -> Read {
        match name {
            "CAST" | "TRY_CAST" => {
                let input = self.disjunction()?;
                self.expect("AS");
                let ty = self.ty();
                self.expect(")");
                if name == "CAST" { input.cast(ty) } else { input.try_cast(ty) }
            }
            "EXTRACT" => {
                let unit = self.unit();
                self.expect("FROM");
                let input = self.disjunction()?;
                self.expect(")");
                input.extract(unit)
            }
            "TIMESTAMPADD" | "TIMESTAMPDIFF" => {
                let unit = self.unit();
                self.expect(",");
                let mut args = self.list()?;
                let second = args.pop().expect("two arguments");
                let first = args.pop().expect("two arguments");
                if name == "TIMESTAMPADD" {
                    Expr::timestamp_add(unit, first, second)
                } else {
                    Expr::timestamp_diff(unit, first, second)
                }
            }
            "TRIM" => self.trim(),
            "POSITION" => {
                let needle = self.sum()?;
                self.expect("IN");
                let text = self.sum()?;
                self.expect(")");
                Expr::call(name, vec![needle, text])
            }
            "FLOOR" | "CEIL" | "SUBSTRING" | "OVERLAY" => self.with_keywords(name),
            _ => {
                let args = self.list()?;
                Expr::call(name, args)
            }
        }
    }

    fn trim(&mut self) -> Read {
        let side = match self.word() {
            "LEADING" => Some(TrimSide::Leading),
            "TRAILING" => Some(TrimSide::Trailing),
            "BOTH" => Some(TrimSide::Both),
            _ => None,
        };
        self.at += usize::from(side.is_some());
        let characters = if self.eat("FROM") { None } else { Some(self.sum()?) };
        let of_blanks = characters.is_none();
        let (characters, text) =
            if of_blanks || self.eat("FROM") { (characters, self.sum()?) } else { (None, characters.expect("a text")) };
        self.expect(")");
        text.trim(side.unwrap_or(TrimSide::Both), characters)
    }

    fn with_keywords(&mut self, name: &str) -> Read {
        let mut args = vec![self.disjunction()?];
        loop {
            if self.eat("TO") {
                let unit = self.unit();
                self.expect(")");
                let input = args.remove(0);
                return if name == "FLOOR" { input.floor_to(unit) } else { input.ceil_to(unit) };
            }
            if self.eat(")") {
                return Expr::call(name, args);
            }
            let next = self.eat(",") || self.eat("FROM") || self.eat("FOR") || self.eat("PLACING");
            assert!(next, "unexpected {:?}", &self.tokens[self.at..]);
            args.push(self.disjunction()?);
        }
    }

    fn ty(&mut self) -> LogicalType {
        let name = self.word().to_owned();
        self.at += 1;
        self.eat("PRECISION");
        let mut params = Vec::new();
        if self.eat("(") {
            params.push(self.number());
            if self.eat(",") {
                params.push(self.number());
            }
            self.expect(")");
        }
        let first = |default: u32| params.first().copied().unwrap_or(default);
        match name.as_str() {
            "BOOLEAN" => LogicalType::Boolean,
            "TINYINT" => LogicalType::TinyInt,
            "SMALLINT" => LogicalType::SmallInt,
            "INT" => LogicalType::Int,
            "BIGINT" => LogicalType::BigInt,
            "FLOAT" => LogicalType::Float,
            "DOUBLE" => LogicalType::Double,
            "DECIMAL" | "NUMERIC" => {
                LogicalType::Decimal { precision: first(10) as u8, scale: params.get(1).copied().unwrap_or(0) as u8 }
            }
            "CHAR" => LogicalType::Char(first(1)),
            "VARCHAR" => LogicalType::Varchar(first(rows::types::UNBOUNDED)),
            "STRING" => LogicalType::STRING,
            "BINARY" => LogicalType::Binary(first(1)),
            "VARBINARY" => LogicalType::Varbinary(first(1)),
            "BYTES" => LogicalType::BYTES,
            "DATE" => LogicalType::Date,
            "TIME" => LogicalType::Time(first(0) as u8),
            "TIMESTAMP" => LogicalType::Timestamp(first(6) as u8),
            "TIMESTAMP_LTZ" => LogicalType::TimestampLtz(first(6) as u8),
            other => panic!("what type is {other}"),
        }
    }
}
