//! Good samples, damaged at random: what every reader of outside text is tried with. Text is cut, doubled and mixed;
//! JSON keeps its form and loses, changes or wraps parts.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// Where, how, how much, and with which word.
type Blow = (Index, u8, usize, String);

/// One of the samples, damaged a few times. `words` are put in here and there.
pub fn text(samples: Vec<String>, words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => prop::sample::select(words).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    let blow = (any::<Index>(), 0..6_u8, 1..40_usize, word);
    let blows = prop::collection::vec(blow, 1..6);
    (prop::sample::select(samples), blows)
        .prop_map(|(sample, blows)| blows.iter().fold(sample, |text, blow| struck(&text, blow)))
}

fn struck(text: &str, (at, how, length, word): &Blow) -> String {
    let start = text.floor_char_boundary(at.index(text.len() + 1));
    let end = text.floor_char_boundary((start + length).min(text.len()));
    let (before, hit, after) = (&text[..start], &text[start..end], &text[end..]);
    match how {
        0 => before.to_owned(),
        1 => format!("{before}{after}"),
        2 => format!("{before}{hit}{hit}{after}"),
        3 => format!("{before}{word}{hit}{after}"),
        4 => format!("{before}{word}{after}"),
        // The line goes to the end of the text.
        _ => {
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let end = text[start..]
                .find('\n')
                .map_or(text.len(), |at| start + at + 1);
            format!("{}{}\n{}", &text[..start], &text[end..], &text[start..end])
        }
    }
}

/// One of the samples, with a few of its parts gone, changed or wrapped.
pub fn json(samples: Vec<Value>) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::Array(Vec::new())),
        Just(Value::Object(serde_json::Map::new())),
    ];
    let blows = prop::collection::vec((any::<Index>(), 0..5_u8, leaf), 1..5);
    (prop::sample::select(samples), blows).prop_map(|(mut sample, blows)| {
        for (at, how, leaf) in blows {
            let mut pointers = Vec::new();
            parts(&sample, String::new(), &mut pointers);
            let pointer = at.get(&pointers).clone();
            hit(&mut sample, &pointer, how, leaf);
        }
        sample
    })
}

/// The pointers of every part, the whole among them.
fn parts(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                parts(item, format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                parts(item, format!("{pointer}/{key}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(pointer);
}

fn hit(whole: &mut Value, pointer: &str, how: u8, leaf: Value) {
    let Some(part) = whole.pointer_mut(pointer) else {
        return;
    };
    match (how, &mut *part) {
        (0, Value::Object(fields)) => {
            let last = fields.keys().next_back().cloned();
            last.map(|key| fields.remove(&key));
        }
        (0, Value::Array(items)) => {
            items.pop();
        }
        (1, Value::Array(items)) => items.push(leaf),
        (1, Value::String(text)) => text.push_str(&leaf.to_string()),
        (2, part) => *part = Value::Array(vec![part.take(), leaf]),
        (_, part) => *part = leaf,
    }
}
