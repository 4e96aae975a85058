use proptest::prelude::*;

use super::*;

fn kinds(text: &str) -> Vec<TokenKind> {
    let mut source = SourceText::new("t.sql", text);
    let (tokens, errors) = tokenize(&mut source);
    assert_eq!(errors, [], "{text}");
    tokens.into_iter().map(|token| token.kind).filter(|kind| *kind != TokenKind::End).collect()
}

fn message(text: &str) -> String {
    let mut source = SourceText::new("t.sql", text);
    let (_, errors) = tokenize(&mut source);
    let first = errors.first().unwrap();
    format!("{}: {}", source.position(first.span.unwrap().start), first.message)
}

#[test]
fn tokens_are_calcites() {
    let word = |text: &str| TokenKind::Word(text.to_owned());
    let number = |text: &str| TokenKind::Number(text.to_owned());
    for (text, expected) in [
        ("a_1 `b``c` $d", vec![word("a_1"), TokenKind::Quoted("b`c".into()), word("$d")]),
        ("'it''s' ''", vec![TokenKind::Text("it's".into()), TokenKind::Text(String::new())]),
        ("1 1.5 .5 1. 1e3 1.5E-2", ["1", "1.5", ".5", "1.", "1e3", "1.5E-2"].map(number).to_vec()),
        ("x'0aFF'", vec![TokenKind::Bytes("0aFF".into())]),
        ("a -- b\n// c\n/* d \n */ e", vec![word("a"), word("e")]),
        (
            "a /*+ b */ * /",
            vec![
                word("a"),
                TokenKind::HintStart,
                word("b"),
                TokenKind::HintEnd,
                TokenKind::Mark("*"),
                TokenKind::Mark("/"),
            ],
        ),
        (
            "a<=b||c<>d",
            vec![
                word("a"),
                TokenKind::Mark("<="),
                word("b"),
                TokenKind::Mark("||"),
                word("c"),
                TokenKind::Mark("<>"),
                word("d"),
            ],
        ),
        ("größe", vec![word("größe")]),
    ] {
        assert_eq!(kinds(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    for (text, expected) in [
        ("a\n 'b", "2:2: this text is never closed"),
        ("a /* b", "1:3: this comment is never closed"),
        ("`b", "1:1: this name is never closed"),
        ("``", "1:1: a name must not be empty"),
        ("ä \"b\"", "1:3: double quotes have no meaning in Flink SQL"),
        ("a E'b'", "1:3: a text with the prefix E is not supported yet"),
        ("a # b", "1:3: '#' has no meaning here"),
        ("12ab", "1:1: '12ab' is neither a number nor a name"),
        ("x'0'", "1:1: a binary literal takes pairs of hexadecimal digits"),
    ] {
        assert_eq!(message(text), expected, "{text}");
    }
}

#[test]
fn values_of_sensitive_options_are_never_shown() {
    for text in [
        "WITH ('properties.sasl.jaas.config' = 'hunter2' 'x')",
        "SET a.password = hunter2 hunter2;",
        "SET 'x.Secret'='hunter2'",
    ] {
        let mut source = SourceText::new("t.sql", text);
        tokenize(&mut source);
        let shown = source.excerpt(Span::new(0, text.len()));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

proptest! {
    #[test]
    fn spans_grow_and_lie_on_character_borders(text in "(?s)([a-z0-9'`\"/*+;. =\\-\n]|\\PC){0,60}") {
        let mut source = SourceText::new("t.sql", text.as_str());
        let (tokens, errors) = tokenize(&mut source);
        let mut last = 0;
        for token in &tokens {
            prop_assert!(token.span.start >= last && token.span.end >= token.span.start);
            prop_assert!(text.get(token.span.start as usize..token.span.end as usize).is_some());
            last = token.span.end;
        }
        prop_assert_eq!(&tokens.last().unwrap().kind, &TokenKind::End);
        for error in errors {
            let span = error.span.unwrap();
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
            prop_assert!(!source.excerpt(span).is_empty());
        }
    }
}
