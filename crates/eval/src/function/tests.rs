use super::*;

#[test]
fn names_are_upper_case_and_each_listed_once() {
    let mut names: Vec<&str> = functions().map(|function| function.name).collect();
    assert!(names.iter().all(|name| *name == name.to_ascii_uppercase()));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(functions().all(|function| function.signature.starts_with(function.name) && function.doc.ends_with('.')));
}

#[test]
fn a_misspelt_name_finds_its_neighbour() {
    assert_eq!(nearest_function("uppr"), Some("UPPER"));
    assert_eq!(nearest_function("SUBSTRNG"), Some("SUBSTRING"));
    assert_eq!(nearest_function("FROBNICATE_ALL"), None);
    let error = unknown("uppr", &[Expr::string("x")]);
    assert_eq!(error.message, "No match found for function signature UPPR(<CHARACTER>)");
    assert_eq!(error.hint.as_deref(), Some("did you mean UPPER?"));
}

#[test]
fn flinks_other_functions_are_not_taken_for_misspelt_ones() {
    assert!(FLINKS_OTHERS.is_sorted() && FLINKS_OTHERS.iter().all(|name| by_name(name).is_none()));
    let error = unknown("regexp", &[Expr::string("x"), Expr::string("x")]);
    assert_eq!(error.message, "the function REGEXP is not supported yet");
    assert!(error.hint.is_some_and(|hint| hint.contains("Flink") && !hint.contains("did you mean")));
}

#[test]
fn clocks_are_refused_with_the_reason() {
    assert!(unknown("NOW", &[]).message.contains("changes from run to run"));
}
