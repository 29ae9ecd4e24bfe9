//! Each template against the sample of its context: nothing that a context holds is lost, nothing a template asks for
//! is absent, and text from outside stays text.

use baton::render::contexts::{
    Answer, Brief, BriefStub, CardContext, Closing, ClosingStub, Contacts, Containment, Details,
    Digest, Drafts, DutyWord, Earlier, Found, Health, Help, IdleWord, Look, Me, Notice, PastCard,
    PatternDraft, PatternList, PatternShown, Proven, Queue, Reminder, Review, Said, Stuck, Talk,
    ThreadContext, Thresholds, Timeline, Together,
};
use baton::render::templates::{SHIPPED, Template, Templates};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A context of `T` with something changed in it.
struct Changed<T>(Value, PhantomData<T>);

impl<T> Serialize for Changed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: Template> Template for Changed<T> {
    const NAME: &'static str = T::NAME;
    fn sample() -> Self {
        Self(serde_json::to_value(T::sample()).unwrap(), PhantomData)
    }
}

/// One template: its name, its sample, and its rendering of any context.
struct Subject {
    name: &'static str,
    sample: Value,
    render: fn(&Templates, Value) -> Result<String, String>,
}

fn subject<T: Template>() -> Subject {
    Subject {
        name: T::NAME,
        sample: serde_json::to_value(T::sample()).unwrap(),
        render: |templates, value| {
            let text = templates
                .render(&Changed::<T>(value, PhantomData))
                .map_err(|fault| fault.to_string())?;
            Ok([text.title, text.body, text.footer.unwrap_or_default()].join("\n"))
        },
    }
}

fn subjects() -> Vec<Subject> {
    vec![
        subject::<CardContext>(),
        subject::<Health>(),
        subject::<Found>(),
        subject::<Proven>(),
        subject::<Digest>(),
        subject::<PastCard>(),
        subject::<Reminder>(),
        subject::<ThreadContext>(),
        subject::<IdleWord>(),
        subject::<DutyWord>(),
        subject::<Notice>(),
        subject::<Queue>(),
        subject::<Timeline>(),
        subject::<Details>(),
        subject::<Review>(),
        subject::<Answer>(),
        subject::<Drafts>(),
        subject::<Me>(),
        subject::<Help>(),
        subject::<Brief>(),
        subject::<BriefStub>(),
        subject::<Said>(),
        subject::<Containment>(),
        subject::<Closing>(),
        subject::<ClosingStub>(),
        subject::<Contacts>(),
        subject::<Talk>(),
        subject::<Thresholds>(),
        subject::<Earlier>(),
        subject::<Stuck>(),
        subject::<PatternList>(),
        subject::<PatternShown>(),
        subject::<PatternDraft>(),
        subject::<Look>(),
        subject::<Together>(),
    ]
}

fn templates() -> Templates {
    Templates::load(&BTreeMap::new())
        .map_err(|faults| format!("{faults:?}"))
        .unwrap()
}

/// The JSON pointer of every value below, with lists seen through their first element.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, v)| (key.clone(), v)).collect(),
        Value::Array(rows) => rows.iter().take(1).map(|v| ("0".to_owned(), v)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{at}/{key}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

fn all(subject: &Subject) -> Vec<String> {
    let mut found = Vec::new();
    pointers(&subject.sample, "", &mut found);
    found
}

fn with(sample: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = sample.clone();
    *changed.pointer_mut(pointer).unwrap() = value;
    changed
}

/// The keys that a template only asks about, with `#if` or `#each`: where they are absent, it stays silent.
fn asked(name: &str) -> Vec<&'static str> {
    let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name).unwrap();
    let tags = text
        .split("{{#")
        .skip(1)
        .map(|tag| tag.split("}}").next().unwrap());
    tags.filter_map(|tag| tag.split_once(' ').map(|(_, key)| key.trim()))
        .collect()
}

#[test]
fn every_shipped_template_is_tried() {
    let mut tried: Vec<&str> = subjects().iter().map(|s| s.name).collect();
    let mut shipped: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    tried.sort_unstable();
    shipped.sort_unstable();
    assert_eq!(
        tried, shipped,
        "add the template's context to `subjects` in tests/laws/templates.rs"
    );
}

#[test]
fn a_sample_fills_every_field() {
    for subject in subjects() {
        for pointer in all(&subject) {
            let value = subject.sample.pointer(&pointer).unwrap();
            let empty = value.is_null() || value == "" || *value == Value::Array(Vec::new());
            assert!(
                !empty,
                "{}{pointer}: the sample leaves it empty; fill it, so that it is tried",
                subject.name
            );
        }
    }
}

#[test]
fn a_context_without_one_of_its_fields_does_not_render() {
    let templates = templates();
    for subject in subjects() {
        let asked = asked(subject.name);
        for pointer in all(&subject) {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let mut changed = subject.sample.clone();
            let Some(Value::Object(fields)) = changed.pointer_mut(parent) else {
                continue;
            };
            fields.remove(key);
            let rendered = (subject.render)(&templates, changed);
            assert!(
                rendered.is_err() || asked.contains(&key),
                "{}{pointer}: the template renders without it; leave the field out of the context, or show it",
                subject.name
            );
        }
    }
}

#[test]
fn every_field_shows() {
    let templates = templates();
    for subject in subjects() {
        let before = (subject.render)(&templates, subject.sample.clone()).unwrap();
        for pointer in all(&subject) {
            let (value, canary) = match subject.sample.pointer(&pointer).unwrap() {
                Value::String(_) => (Value::from("Canary7731"), Some("Canary7731")),
                Value::Number(_) => (Value::from(907_731), Some("907731")),
                Value::Bool(yes) => (Value::from(!yes), None),
                Value::Array(_) => (Value::from(Vec::<Value>::new()), None),
                Value::Object(_) | Value::Null => continue,
            };
            let after =
                (subject.render)(&templates, with(&subject.sample, &pointer, value)).unwrap();
            let shows = canary.map_or(after != before, |canary| after.contains(canary));
            assert!(
                shows,
                "{}{pointer}: a reader never sees it; show it in templates/discord/{}.hbs or drop the field",
                subject.name, subject.name
            );
        }
    }
}

#[test]
fn an_empty_text_leaves_no_heading_behind() {
    let templates = templates();
    for subject in subjects() {
        for pointer in all(&subject) {
            let row_of_a_list = pointer.ends_with("/0");
            if subject.sample.pointer(&pointer).unwrap().is_string() && !row_of_a_list {
                let text =
                    (subject.render)(&templates, with(&subject.sample, &pointer, Value::from("")))
                        .unwrap();
                let blank = text
                    .lines()
                    .any(|line| line.trim() == ">" || line.trim() == "-");
                assert!(
                    !blank,
                    "{}{pointer}: an empty mark stays behind; ask with `#if`\n{text}",
                    subject.name
                );
            }
        }
    }
}

#[test]
fn text_from_outside_stays_text() {
    const HOSTILE: &str = "@everyone <@&1> <#2> **bold** ||spoiler|| [x](http://e.example) `c`\n# head\n> q \u{202e}gpj\u{200b}";
    let templates = templates();
    for subject in subjects() {
        let plain = (subject.render)(&templates, subject.sample.clone()).unwrap();
        for pointer in all(&subject) {
            if !subject.sample.pointer(&pointer).unwrap().is_string() {
                continue;
            }
            let value = Value::from(HOSTILE);
            let text =
                (subject.render)(&templates, with(&subject.sample, &pointer, value)).unwrap();
            let whole = format!("{}{pointer}:\n{text}", subject.name);
            assert!(text.contains("everyone"), "{whole}");
            for live in [
                "@everyone",
                "<@&1>",
                "<#2>",
                "||spoiler||",
                "](http",
                "\u{202e}",
                "\u{200b}",
                "\n# head",
            ] {
                let escaped = text
                    .match_indices(live)
                    .all(|(at, _)| text[..at].ends_with('\\'));
                assert!(escaped, "`{live}` is alive in {whole}");
            }
            let bolds = |text: &str| text.matches("**bold**").count();
            assert_eq!(bolds(&text), bolds(&plain), "`**` is alive in {whole}");
        }
    }
}

#[test]
fn a_template_asks_only_for_what_its_context_has() {
    for subject in subjects() {
        let (_, text) = SHIPPED
            .iter()
            .find(|(known, _)| *known == subject.name)
            .unwrap();
        let mut scopes = vec![subject.sample.clone()];
        for tag in text
            .split("{{")
            .skip(1)
            .map(|tag| tag.split("}}").next().unwrap().trim())
        {
            let scope = scopes.last().unwrap();
            // The last word is what is asked for; one in quotes is the template's own.
            let asked = tag.split('"').next().unwrap().trim_end();
            let key = asked.rsplit(' ').next().unwrap();
            let known = key == "this" || key == "else" || scope.get(key).is_some();
            assert!(
                known || tag.starts_with('/'),
                "templates/discord/{}.hbs asks for `{{{{{tag}}}}}`, which its context does not have",
                subject.name
            );
            if tag.starts_with("#each ") {
                let row = scope.get(key).and_then(|rows| rows.get(0)).cloned();
                scopes.push(row.unwrap());
            } else if tag == "/each" {
                scopes.pop();
            }
        }
        assert_eq!(scopes.len(), 1, "{}", subject.name);
    }
}
