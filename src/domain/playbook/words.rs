//! The one function that expressions have beyond CEL's own: `mentions`. Sources spell their words in any
//! case, and a regular expression would be compiled anew at each evaluation.

use cel::common::types::{CelBool, CelString, LIST_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

/// `text.mentions(['one', 'two'])` and `list.mentions([…])`: whether any of the words occurs in the text, or
/// in an element of the list, in any case.
pub(super) fn extension(env: &mut Env) -> Result<(), DeclarationError> {
    for (id, receiver) in [
        ("string.mentions(list)", STRING_TYPE),
        ("list.mentions(list)", LIST_TYPE),
    ] {
        env.add_member_overload("mentions", id, receiver, vec![LIST_TYPE], mentions)?;
    }
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "cel gives each overload its arguments by value"
)]
fn mentions<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [said, words] = args.as_slice() else {
        return Err(ExecutionError::invalid_argument_count(1, args.len()));
    };
    let words = texts(words.as_ref())?;
    let said = texts(said.as_ref())?;
    let found = said
        .iter()
        .any(|text| words.iter().any(|word| text.contains(word)));
    Ok(CowVal::owned(CelBool::from(found)))
}

/// A text, or each of a list, in lower case.
fn texts(value: &(dyn Val + '_)) -> Result<Vec<String>, ExecutionError> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return Ok(vec![text.inner().to_lowercase()]);
    }
    let no_texts =
        || ExecutionError::function_error("mentions", "it takes texts and lists of texts");
    let mut elements = value.as_iterable().ok_or_else(no_texts)?.iter();
    let mut found = Vec::new();
    while let Some(element) = elements.next() {
        let text = element.downcast_ref::<CelString>().ok_or_else(no_texts)?;
        found.push(text.inner().to_lowercase());
    }
    Ok(found)
}
