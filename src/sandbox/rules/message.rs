//! The body of a message: text, embeds, flags, nonce, attachments. Components have their own file.

use serde_json::Value;

use super::{component, mentions};
use crate::sandbox::{
    error::{Faults, Refused},
    json::{Look, bits, length},
    world::{
        model::{COMPONENTS_V2, EPHEMERAL},
        snowflake::{Id, id_of},
    },
};

/// SUPPRESS_EMBEDS, EPHEMERAL, SUPPRESS_NOTIFICATIONS, IS_COMPONENTS_V2: what a sender may set.
const SETTABLE: u64 = (1 << 2) | EPHEMERAL | (1 << 12) | COMPONENTS_V2;
const EMBED_SUM: usize = 6_000;

/// A message as asked for; what is absent stays as it is (edit) or empty (new).
#[derive(Debug, Default)]
pub struct Draft {
    pub content: Option<String>,
    pub embeds: Option<Vec<Value>>,
    pub components: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub flags: u64,
    pub flags_given: bool,
    pub allowed: mentions::Allowed,
    pub nonce: Option<Value>,
    pub enforce_nonce: bool,
    pub tts: bool,
    pub reply_to: Option<Id>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    New,
    Edit { v2: bool },
}

/// `at` is the path of the message in the request: empty, or `data` in an interaction's answer.
pub fn read(body: &Value, files: usize, way: Way, at: &str) -> Result<Draft, Refused> {
    let mut faults = Faults::default();
    let path = |key: &str| {
        if at.is_empty() {
            key.to_owned()
        } else {
            format!("{at}.{key}")
        }
    };
    let mut draft = Draft {
        allowed: mentions::read(body, &mut faults),
        ..Draft::default()
    };
    draft.flags_given = body.has("flags");
    draft.flags = bits(body.at("flags")).unwrap_or(0) & SETTABLE;
    let v2 = draft.flags & COMPONENTS_V2 != 0 || way == Way::Edit { v2: true };
    content(body, &mut draft, v2, &path("content"), &mut faults);
    if body.get("embeds").is_some() {
        let list = body.list("embeds");
        embeds(list, &path("embeds"), &mut faults);
        if v2 && !list.is_empty() {
            v2_only(&path("embeds"), &mut faults);
        }
        draft.embeds = Some(list.iter().map(rich).collect());
    }
    if body.get("components").is_some() {
        let list = body.list("components");
        component::check(list, v2, &path("components"), &mut faults);
        let numbered = component::numbered(list);
        draft.components = Some(numbered.into_iter().map(component::shown).collect());
    }
    if body.get("attachments").is_some() {
        let list = body.list("attachments");
        faults.length(&path("attachments"), list.len(), 0, 10);
        draft.attachments = Some(list.to_vec());
    }
    nonce(body, &mut draft, &path("nonce"), &mut faults);
    draft.tts = body.yes("tts");
    draft.reply_to = id_of(body.at("message_reference").at("message_id"));
    faults.done()?;
    let empty = draft.content.as_deref().unwrap_or("").is_empty()
        && draft.embeds.as_deref().unwrap_or(&[]).is_empty()
        && draft.components.as_deref().unwrap_or(&[]).is_empty();
    if way == Way::New && empty && files == 0 {
        return Err(Refused::bad(50_006, "Cannot send an empty message"));
    }
    Ok(draft)
}

fn v2_only(path: &str, faults: &mut Faults) {
    let message = "The 'components' field replaces this one with MessageFlags.IS_COMPONENTS_V2";
    faults.add(
        path,
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        message,
    );
}

fn content(body: &Value, draft: &mut Draft, v2: bool, path: &str, faults: &mut Faults) {
    let Some(given) = body.get("content") else {
        return;
    };
    if !given.is_null() && !given.is_string() && !given.is_number() {
        faults.add(
            path,
            "STRING_TYPE_CONVERT",
            "Could not interpret value as string.",
        );
    }
    let text = given
        .as_str()
        .map_or_else(|| number_text(given), ToOwned::to_owned);
    faults.length(path, length(&text), 0, 2_000);
    if v2 && !text.is_empty() {
        v2_only(path, faults);
    }
    draft.content = Some(text);
}

fn number_text(value: &Value) -> String {
    if value.is_number() {
        value.to_string()
    } else {
        String::new()
    }
}

fn nonce(body: &Value, draft: &mut Draft, path: &str, faults: &mut Faults) {
    draft.enforce_nonce = body.yes("enforce_nonce");
    if let Some(text) = body.text("nonce") {
        faults.length(path, length(text), 0, 25);
    } else if body.has("nonce") && !body.at("nonce").is_number() {
        faults.add(
            path,
            "NONCE_TYPE_COERCE",
            "Value is not a string or an integer.",
        );
    }
    draft.nonce = body.get("nonce").filter(|nonce| !nonce.is_null()).cloned();
}

fn rich(embed: &Value) -> Value {
    let kind = embed.text("type").unwrap_or("rich").to_owned();
    let fields = embed.list("fields").iter();
    let fields = fields.map(|field| field.clone().with("inline", field.yes("inline")));
    let fields: Vec<Value> = fields.collect();
    let mut embed = embed.clone().with("type", kind);
    if !fields.is_empty() {
        embed.set("fields", fields);
    }
    if let Some(object) = embed.as_object_mut() {
        object.remove("flags");
    }
    embed
}

fn embeds(list: &[Value], path: &str, faults: &mut Faults) {
    faults.length(path, list.len(), 0, 10);
    let mut sum = 0;
    for (index, one) in list.iter().enumerate() {
        sum += embed(one, &format!("{path}.{index}"), faults);
    }
    if sum > EMBED_SUM {
        let message = "Embed size exceeds maximum size of 6000";
        faults.add(path, "MAX_EMBED_SIZE_EXCEEDED", message);
    }
}

/// Checks one embed and gives the characters that count for the sum.
fn embed(one: &Value, path: &str, faults: &mut Faults) -> usize {
    let mut sum = 0;
    let texts = [
        ("title", one.at("title"), 256),
        ("description", one.at("description"), 4_096),
        ("footer.text", one.at("footer").at("text"), 2_048),
        ("author.name", one.at("author").at("name"), 256),
    ];
    for (key, value, max) in texts {
        let count = value.as_str().map_or(0, length);
        faults.length(&format!("{path}.{key}"), count, 0, max);
        sum += count;
    }
    let fields = one.list("fields");
    faults.length(&format!("{path}.fields"), fields.len(), 0, 25);
    for (index, field) in fields.iter().enumerate() {
        for (key, max) in [("name", 256), ("value", 1_024)] {
            let path = format!("{path}.fields.{index}.{key}");
            match field.text(key) {
                None | Some("") => faults.required(&path),
                Some(text) => {
                    faults.length(&path, length(text), 0, max);
                    sum += length(text);
                }
            }
        }
    }
    if one
        .int("color")
        .is_some_and(|color| !(0..=0xFF_FFFF).contains(&color))
    {
        let message = "int value should be less than or equal to 16777215.";
        faults.add(&format!("{path}.color"), "NUMBER_TYPE_MAX", message);
    }
    sum
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(body: &Value) -> Value {
        read(body, 0, Way::New, "").expect_err("is refused").body()
    }

    #[test]
    fn each_limit_of_a_message_is_refused_at_its_path() {
        let long = |count: usize| "x".repeat(count);
        let field = json!({ "name": "n", "value": "v" });
        let cases = [
            (json!({ "content": long(2001) }), "/errors/content"),
            (
                json!({ "embeds": vec![json!({ "title": "t" }); 11] }),
                "/errors/embeds",
            ),
            (
                json!({ "embeds": [{ "title": long(257) }] }),
                "/errors/embeds/0/title",
            ),
            (
                json!({ "embeds": [{ "description": long(4097) }] }),
                "/errors/embeds/0/description",
            ),
            (
                json!({ "embeds": [{ "footer": { "text": long(2049) } }] }),
                "/errors/embeds/0/footer/text",
            ),
            (
                json!({ "embeds": [{ "fields": vec![field; 26] }] }),
                "/errors/embeds/0/fields",
            ),
            (
                json!({ "embeds": [{ "fields": [{ "name": long(257), "value": "v" }] }] }),
                "/errors/embeds/0/fields/0/name",
            ),
            (
                json!({ "embeds": [{ "fields": [{ "name": "n", "value": long(1025) }] }] }),
                "/errors/embeds/0/fields/0/value",
            ),
            (
                json!({ "embeds": vec![json!({ "description": long(3001) }); 2] }),
                "/errors/embeds",
            ),
            (
                json!({ "content": "x", "nonce": long(26) }),
                "/errors/nonce",
            ),
            (
                json!({ "content": "x", "allowed_mentions": { "parse": ["user"] } }),
                "/errors/allowed_mentions/parse/0",
            ),
            (
                json!({ "content": "x", "allowed_mentions": { "prase": [] } }),
                "/errors/allowed_mentions/prase",
            ),
            (
                json!({ "content": "x", "allowed_mentions": { "parse": ["users"], "users": ["1"] } }),
                "/errors/allowed_mentions/users",
            ),
            (
                json!({ "content": "x", "flags": 1 << 15 }),
                "/errors/content",
            ),
        ];
        for (body, pointer) in cases {
            let refused = refused(&body);
            assert!(
                refused
                    .pointer(&format!("{pointer}/_errors/0/code"))
                    .is_some(),
                "{refused}"
            );
        }
    }

    #[test]
    fn the_limits_themselves_are_accepted() {
        let body = json!({
            "content": "x".repeat(2000),
            "nonce": "n".repeat(25),
            "embeds": [{ "title": "t".repeat(256), "description": "d".repeat(4096) }],
        });
        assert!(read(&body, 0, Way::New, "").is_ok());
    }

    #[test]
    fn an_empty_message_is_refused_but_not_one_with_a_file() {
        assert_eq!(refused(&json!({ "content": "" }))["code"], 50_006);
        assert!(read(&json!({}), 1, Way::New, "").is_ok());
    }
}
