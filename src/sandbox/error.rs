//! Refusals in Discord's shape: status, code, message and the path of each wrong field.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

#[derive(Clone, Debug)]
pub struct Refused {
    pub status: StatusCode,
    pub code: u32,
    pub message: String,
    pub errors: Option<Value>,
}

pub type Answer = Result<Response, Refused>;

impl Refused {
    pub fn new(status: StatusCode, code: u32, message: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            errors: None,
        }
    }

    fn missing(code: u32, what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, &format!("Unknown {what}"))
    }

    pub fn unknown_channel() -> Self {
        Self::missing(10_003, "Channel")
    }

    pub fn unknown_guild() -> Self {
        Self::missing(10_004, "Guild")
    }

    pub fn unknown_member() -> Self {
        Self::missing(10_007, "Member")
    }

    pub fn unknown_message() -> Self {
        Self::missing(10_008, "Message")
    }

    pub fn unknown_overwrite() -> Self {
        Self::missing(10_009, "Overwrite")
    }

    pub fn unknown_role() -> Self {
        Self::missing(10_011, "Role")
    }

    pub fn unknown_user() -> Self {
        Self::missing(10_013, "User")
    }

    pub fn unknown_webhook() -> Self {
        Self::missing(10_015, "Webhook")
    }

    pub fn unknown_interaction() -> Self {
        Self::missing(10_062, "interaction")
    }

    pub fn unknown_command() -> Self {
        Self::missing(10_063, "application command")
    }

    pub fn missing_access() -> Self {
        Self::new(StatusCode::FORBIDDEN, 50_001, "Missing Access")
    }

    pub fn missing_permissions() -> Self {
        Self::new(StatusCode::FORBIDDEN, 50_013, "Missing Permissions")
    }

    pub fn answered() -> Self {
        let message = "Interaction has already been acknowledged.";
        Self::new(StatusCode::BAD_REQUEST, 40_060, message)
    }

    pub fn bad(code: u32, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// One wrong field.
    pub fn field(path: &str, code: &str, message: &str) -> Self {
        let mut faults = Faults::default();
        faults.add(path, code, message);
        faults.into_refused()
    }

    pub fn body(&self) -> Value {
        let mut body = json!({ "message": self.message, "code": self.code });
        if let (Some(errors), Some(body)) = (&self.errors, body.as_object_mut()) {
            body.insert("errors".to_owned(), errors.clone());
        }
        body
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

/// The wrong fields of one request, all of them.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<(String, String, String)>,
}

impl Faults {
    pub fn add(&mut self, path: &str, code: &str, message: &str) {
        self.found
            .push((path.to_owned(), code.to_owned(), message.to_owned()));
    }

    pub fn required(&mut self, path: &str) {
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    pub fn length(&mut self, path: &str, length: usize, min: usize, max: usize) {
        if length < min || length > max {
            let message = if min == 0 {
                format!("Must be {max} or fewer in length.")
            } else {
                format!("Must be between {min} and {max} in length.")
            };
            let code = if min == 0 {
                "BASE_TYPE_MAX_LENGTH"
            } else {
                "BASE_TYPE_BAD_LENGTH"
            };
            self.add(path, code, &message);
        }
    }

    pub fn choice(&mut self, path: &str, allowed: &str) {
        self.add(
            path,
            "BASE_TYPE_CHOICES",
            &format!("Value must be one of {{{allowed}}}."),
        );
    }

    pub fn done(self) -> Result<(), Refused> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.into_refused())
        }
    }

    pub fn into_refused(self) -> Refused {
        let mut root = Map::new();
        for (path, code, message) in self.found {
            insert(
                &mut root,
                path.split('.'),
                json!({ "code": code, "message": message }),
            );
        }
        Refused {
            status: StatusCode::BAD_REQUEST,
            code: 50_035,
            message: "Invalid Form Body".to_owned(),
            errors: Some(Value::Object(root)),
        }
    }
}

fn insert<'a>(at: &mut Map<String, Value>, mut path: impl Iterator<Item = &'a str>, error: Value) {
    let Some(step) = path.next().filter(|step| !step.is_empty()) else {
        if let Some(list) = at
            .entry("_errors")
            .or_insert_with(|| json!([]))
            .as_array_mut()
        {
            list.push(error);
        }
        return;
    };
    let below = at.entry(step).or_insert_with(|| json!({}));
    if let Some(below) = below.as_object_mut() {
        insert(below, path, error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_field_stands_under_its_path() {
        let mut faults = Faults::default();
        faults.length("embeds.0.title", 300, 0, 256);
        faults.required("embeds.0.fields.1.name");
        let body = faults.into_refused().body();
        assert_eq!(body["code"], 50_035);
        let embed = &body["errors"]["embeds"]["0"];
        assert_eq!(embed["title"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");
        assert_eq!(
            embed["fields"]["1"]["name"]["_errors"][0]["code"],
            "BASE_TYPE_REQUIRED"
        );
    }
}
