//! What a story may not leave behind: messages nobody expected, work undone, warnings, refused requests, a history that
//! does not hold, an incident without a next step. Whatever a story wants beside that, it says before.

use super::World;
use super::seen::{Message, list};
use baton::domain::audit::Kind;
use baton::store;
use serde_json::Value;
use std::fmt::Write as _;

/// What a story expects beside the ordinary.
#[derive(Default)]
pub struct Expected {
    /// A part of each line that is logged as a warning or an error.
    logs: Vec<&'static str>,
    /// Status, part of `METHOD path`, how often.
    requests: Vec<(u16, &'static str, usize)>,
    /// Effects that rest at the end.
    resting: i64,
    /// Requests, logs and messages are looked at by the story itself.
    whatever: bool,
}

impl Expected {
    /// At least one warning or error with this text is logged.
    pub fn log(&mut self, text: &'static str) -> &mut Self {
        self.logs.push(text);
        self
    }

    /// So many requests of the service are answered with this status; 0 where no answer is given.
    pub fn request(&mut self, status: u16, line: &'static str, times: usize) -> &mut Self {
        self.requests.push((status, line, times));
        self
    }

    /// Discord fails in ways that are not known before: only what the store must hold is looked at in the end.
    pub fn whatever_fails(&mut self) -> &mut Self {
        self.whatever = true;
        self
    }

    /// So many effects rest, parked or dead, when the story ends.
    pub fn resting(&mut self, count: i64) -> &mut Self {
        self.resting = count;
        self
    }
}

impl World {
    pub(super) async fn end(self) {
        let mut faults = String::new();
        self.settle().await;
        self.look_at_store(&mut faults).await;
        let whatever = self.stage.expected.borrow().whatever;
        if !whatever {
            self.look_at_messages(&mut faults).await;
        }
        self.stop().await;
        if !whatever {
            self.look_at_requests(&mut faults).await;
            self.look_at_logs(&mut faults);
        }
        let sandbox = self.stage.sandbox.take().unwrap();
        if sandbox.unknown_endpoints() > 0 {
            faults.push_str("- a request went to an endpoint that the sandbox does not know\n");
        }
        sandbox.stop().await;
        assert!(
            faults.is_empty(),
            "the story left something behind:\n{faults}"
        );
    }

    async fn look_at_store(&self, faults: &mut String) {
        let service = self.service();
        let mut reader = service.app.store.read().await.unwrap();
        let waiting: Vec<(String, Option<String>)> =
            sqlx::query_as("SELECT key, last_fault FROM outbox WHERE state = 'waiting'")
                .fetch_all(&mut *reader)
                .await
                .unwrap();
        for (key, fault) in waiting {
            writeln!(faults, "- an effect still waits: {key} {fault:?}").unwrap();
        }
        let resting: Vec<(String, Option<String>)> =
            sqlx::query_as("SELECT key, last_fault FROM outbox WHERE state IN ('parked', 'dead')")
                .fetch_all(&mut *reader)
                .await
                .unwrap();
        if i64::try_from(resting.len()).unwrap() != self.stage.expected.borrow().resting {
            writeln!(faults, "- effects rest, parked or dead: {resting:?}").unwrap();
        }
        let proof = store::verify::verify(&mut reader).await.unwrap();
        if let Some(fault) = proof.fault {
            writeln!(faults, "- the history does not hold: {fault}").unwrap();
        }
        let stale: Vec<(i64,)> = sqlx::query_as(
            "SELECT c.incident_id FROM incident_persons c JOIN incidents i ON i.id = c.incident_id
             WHERE c.is_open != i.is_open",
        )
        .fetch_all(&mut *reader)
        .await
        .unwrap();
        if !stale.is_empty() {
            writeln!(faults, "- persons do not follow their incident: {stale:?}").unwrap();
        }
        drop(reader);
        service.app.audit_whole().await.unwrap();
        let health = service.app.health_facts().await.unwrap();
        let of_incidents = [
            Kind::Unreadable,
            Kind::NoNextStep,
            Kind::Deadline,
            Kind::Card,
        ];
        let open = health
            .findings
            .iter()
            .filter(|(kind, noted)| of_incidents.contains(kind) && noted.is_open());
        for (kind, noted) in open {
            writeln!(faults, "- the auditor: {}", kind.words(noted.count)).unwrap();
        }
    }

    async fn look_at_messages(&self, faults: &mut String) {
        let (_, guild) = self.stage.get("/sandbox/guild").await;
        for channel in list(&guild["channels"]) {
            let id = channel["id"].as_str().unwrap();
            let path = format!("/sandbox/members/owner/view?channel={id}");
            let (_, view) = self.stage.get(&path).await;
            for json in list(&view["messages"]) {
                let message = Message { json: json.clone() };
                let known = self.stage.looked_at.borrow().contains(&message.id());
                if !known && json["ephemeral"] != true && json["author"]["bot"] == true {
                    let name = channel["name"].as_str().unwrap();
                    let said = message.text();
                    writeln!(faults, "- nobody expected this in #{name}:\n{said}").unwrap();
                }
            }
        }
    }

    async fn look_at_requests(&self, faults: &mut String) {
        let expected = self.stage.expected.borrow().requests.clone();
        let mut met = vec![0; expected.len()];
        for request in self.stage.requests().await {
            let status = u16::try_from(request["status"].as_u64().unwrap()).unwrap();
            if (200..300).contains(&status) {
                continue;
            }
            let line = line(&request);
            let known = expected
                .iter()
                .position(|(wanted, part, _)| *wanted == status && line.contains(part));
            if let Some(at) = known {
                met[at] += 1;
            } else {
                let body = &request["body"];
                writeln!(faults, "- {line} was answered with {status}: {body}").unwrap();
            }
        }
        for ((status, part, times), met) in expected.iter().zip(met) {
            if met != *times {
                writeln!(faults, "- {met} of {times} requests {part} got {status}").unwrap();
            }
        }
    }

    fn look_at_logs(&self, faults: &mut String) {
        let expected = &self.stage.expected.borrow().logs;
        let lines = self.stage.logs.lines();
        for line in &lines {
            if !expected.iter().any(|text| line.contains(text)) {
                writeln!(faults, "- logged: {line}").unwrap();
            }
        }
        for text in expected {
            if !lines.iter().any(|line| line.contains(text)) {
                writeln!(faults, "- not logged: {text}").unwrap();
            }
        }
    }
}

/// `METHOD path` of a request.
pub fn line(request: &Value) -> String {
    let text = |key: &str| request[key].as_str().unwrap().to_owned();
    format!("{} {}", text("method"), text("path"))
}
