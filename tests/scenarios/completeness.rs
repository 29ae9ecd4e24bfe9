//! Whatever order people work in: random members run random commands, press random controls, fill forms well or badly,
//! time passes, the service is killed in between. Then each incident's history is read from the store, and held against its
//! playbook: no stage without the record that leads there, no end without rationale and definition of done, nobody
//! contained before HR or the emergency's two persons.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a story does not look at is nothing to it, whatever is added"
)]

use super::harness::chance::Chance;
use super::harness::{World, minutes, scenario};
use baton::domain::governance::Choice;
use baton::domain::ids::{CriterionId, DoneId, FieldId, IncidentId, StageId, TransitionId};
use baton::domain::incident::Event;
use baton::domain::playbook::definition::Playbook;
use baton::domain::policy;
use baton::domain::record::{Answer, Entry, State};
use baton::domain::role::Role;
use baton::domain::timeline::Recorded;
use baton::store;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const ALERTS: [(&str, &str); 3] = [
    (
        "purview",
        crate::payload!("purview_dlp_alert_endpoint_web_low.json"),
    ),
    (
        "purview",
        crate::payload!("purview_dlp_rulematch_exchange.json"),
    ),
    (
        "defender",
        crate::payload!("graph_alert_v2_mde_hidden_file.json"),
    ),
];
const PEOPLE: [(&str, &str); 8] = [
    ("tier1", "tier1-triage"),
    ("tier1b", "tier1-triage"),
    ("tier2", "tier2-investigation"),
    ("tier3", "tier3-containment"),
    ("frontline", "endpoint-desk"),
    ("legal", "governance"),
    ("hr", "governance"),
    ("manager", "audit"),
];
const STEPS: usize = 120;

#[test]
fn in_whatever_order_people_work_no_step_is_taken_without_its_record() {
    for seed in [3, 14, 15] {
        eprintln!("seed {seed}");
        scenario(async |w| {
            let mut chance = Chance::from_seed(seed);
            for (source, body) in ALERTS {
                w.alert(source, body).await.accepted();
            }
            for _ in 0..STEPS {
                anything(w, &mut chance).await;
            }
            w.looks_at_everything().await;
            prove(w).await;
        });
    }
}

async fn anything(w: &World, chance: &mut Chance) {
    match chance.place(30) {
        0 => {
            w.looks_at_everything().await;
            w.kill();
            w.start().await;
        }
        1 => w.advance(minutes(45)).await,
        2 => {
            w.alert("purview", "{").await;
        }
        _ => {
            let (member, home) = *chance.find(&PEOPLE).unwrap();
            w.settle().await;
            let channels = w.channels_of(member).await;
            let messages: Vec<Value> = channels
                .into_iter()
                .flat_map(|(_, all)| all)
                .map(|m| m.json)
                .collect();
            let Some(message) = chance.find(&messages) else {
                return;
            };
            let answer = if chance.place(5) == 0 {
                let command = [
                    "engage",
                    "escalate",
                    "close",
                    "contain propose",
                    "contain authorise",
                ][chance.place(5)];
                let mut options =
                    json!({ "incident": format!("INC-{}", 1 + chance.place(ALERTS.len())) });
                if command.starts_with("contain") {
                    options["action"] = json!("1");
                }
                if command == "contain propose" {
                    options = json!({ "incident": options["incident"], "what": "revoke-sessions", "text": "All of them" });
                }
                let body = json!({ "channel": home, "name": command, "options": options });
                w.tries(member, "commands", body).await
            } else {
                presses(w, chance, member, message).await
            };
            goes_on(w, chance, member, answer).await;
        }
    }
}

async fn presses(w: &World, chance: &mut Chance, member: &str, message: &Value) -> Value {
    let rows = message["components"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let controls: Vec<Value> = rows
        .iter()
        .flat_map(|row| row["components"].as_array().cloned().unwrap_or_default())
        .filter(|one| one["custom_id"].is_string() && one["disabled"] != true)
        .collect();
    let Some(control) = chance.find(&controls) else {
        return Value::Null;
    };
    let mut body = json!({ "message": message["id"], "custom_id": control["custom_id"] });
    let options = control["options"].as_array().cloned().unwrap_or_default();
    if let Some(option) = chance.find(&options) {
        body["values"] = json!([option["value"]]);
    }
    w.tries(member, "components", body).await
}

/// Fills what opens, mostly well, and presses on until the answer has nothing more to press.
async fn goes_on(w: &World, chance: &mut Chance, member: &str, mut answer: Value) {
    for _ in 0..8 {
        if answer["modal"].is_object() {
            answer = fills(w, chance, member, &answer["modal"]).await;
        } else if answer["message"]["components"][0].is_object() && chance.place(6) > 0 {
            let message = answer["message"].clone();
            answer = presses(w, chance, member, &message).await;
        } else {
            return;
        }
    }
}

async fn fills(w: &World, chance: &mut Chance, member: &str, form: &Value) -> Value {
    let rows = form["components"].as_array().cloned().unwrap_or_default();
    let mut values = Map::new();
    for input in rows.iter().map(|row| &row["component"]) {
        let options = input["options"].as_array().cloned().unwrap_or_default();
        let whole: Vec<Value> = options.iter().map(|one| one["value"].clone()).collect();
        let careless = chance.place(12) == 0;
        let value = match input["type"].as_u64() {
            _ if careless => continue,
            Some(22) => json!(whole),
            Some(3) => json!([whole[chance.place(whole.len())]]),
            Some(21) => whole[chance.place(whole.len())].clone(),
            Some(4) if input["value"].is_null() => {
                let words = [
                    "Words of no meaning",
                    "2026-11-20 15:00",
                    "https://source.example/1",
                ];
                json!(words[[0, 0, 0, 0, 1, 2][chance.place(6)]])
            }
            _ => continue,
        };
        values.insert(input["custom_id"].as_str().unwrap().to_owned(), value);
    }
    let body = json!({ "modal": form["id"], "values": values });
    w.tries(member, "modals", body).await
}

/// Reads each history and holds it against its playbook.
async fn prove(w: &World) {
    let service = w.service();
    let mut reader = service.app.store.read().await.unwrap();
    for id in 1..=i64::try_from(ALERTS.len()).unwrap() {
        let id = IncidentId(id);
        let incident = store::incident::find(&mut reader, id)
            .await
            .unwrap()
            .unwrap();
        let loaded = service.app.playbooks.load(&incident.playbook).unwrap();
        let history = store::event::list(&mut reader, id).await.unwrap();
        Proof::new(&loaded.playbook).hold(&history);
    }
}

struct Proof<'p> {
    playbook: &'p Playbook,
    stage: StageId,
    offered: Option<StageId>,
    record: BTreeMap<FieldId, State>,
    actions: BTreeMap<u32, String>,
    /// What HR said last of the person's containment.
    hr: bool,
    emergency: Vec<(bool, i64)>,
}

impl<'p> Proof<'p> {
    fn new(playbook: &'p Playbook) -> Self {
        Self {
            playbook,
            stage: StageId::new(""),
            offered: None,
            record: BTreeMap::new(),
            actions: BTreeMap::new(),
            hr: false,
            emergency: Vec::new(),
        }
    }

    fn hold(&mut self, history: &[Recorded]) {
        for recorded in history {
            let event = recorded.event.as_ref().unwrap();
            let event = event.open(&policy::thread()).unwrap();
            self.step(event, recorded);
        }
    }

    fn step(&mut self, event: &Event, by: &Recorded) {
        match event {
            Event::Opened { stage, .. } => self.stage = stage.clone(),
            Event::Offered {
                transition,
                to,
                criteria,
                entries,
                done,
                ..
            } => {
                self.carries(entries);
                self.complete(transition, criteria, done);
                self.offered = Some(to.clone());
            }
            Event::Accepted { .. } => {
                self.stage = self.offered.take().expect("something was offered");
            }
            Event::Returned { .. } => self.offered = None,
            Event::Ended {
                transition,
                criteria,
                entries,
                done,
                ..
            } => {
                self.carries(entries);
                self.complete(transition, criteria, done);
            }
            Event::Answered { choice, .. } => match choice {
                Choice::HoldContainment => {
                    self.hr = false;
                    self.emergency.clear();
                }
                Choice::Conflict => {}
                _ => self.hr |= by.role == Some(Role::Hr),
            },
            Event::GateOverridden { role, .. } => {
                self.emergency.push((*role == Role::Tier3, by.by.0));
            }
            Event::ContainmentProposed { number, action, .. } => {
                self.actions.insert(*number, action.clone());
            }
            Event::ContainmentAuthorised { number } => self.authorised(*number),
            _ => {}
        }
    }

    fn carries(&mut self, entries: &BTreeMap<FieldId, Entry>) {
        let states = entries.iter();
        let states = states.map(|(id, entry)| (id.clone(), entry.state.clone()));
        self.record.extend(states);
    }

    /// The step carries a criterion of its own, all that its record wants, and the whole definition of done.
    fn complete(&self, transition: &TransitionId, criteria: &[CriterionId], done: &[DoneId]) {
        let way = self.playbook.transition(transition).unwrap();
        assert!(
            way.from.contains(&self.stage),
            "{transition} from {}",
            self.stage
        );
        assert!(
            criteria.iter().any(|id| way.criteria.contains(id)),
            "{transition} on nothing"
        );
        let lines = &self.playbook.stage(&self.stage).unwrap().done;
        assert!(
            lines.iter().all(|line| done.contains(&line.id)),
            "{transition} before {done:?} was all"
        );
        for field in self.playbook.record_at(transition) {
            // Asked only while a threshold is met and Governance not engaged.
            if way.thresholds_answered_in.as_ref() == Some(&field) {
                continue;
            }
            let state = self.record.get(&field);
            let leave = way.owed.iter().any(|owed| owed.field == field);
            let owed = matches!(state, Some(State::Owed { .. }));
            assert!(
                state.is_some() && (leave || !owed),
                "{transition} without {field}: {state:?}"
            );
        }
    }

    fn authorised(&self, number: u32) {
        let action = self.playbook.action(&self.actions[&number]).unwrap();
        let blameless = self.record.values().any(|state| {
            // Only one field of yes and no is answered with no where nobody is suspected.
            matches!(state, State::Value(Answer::YesNo { yes: false, .. }))
        });
        let two = self.emergency.iter().any(|(responder, by)| {
            *responder
                && self
                    .emergency
                    .iter()
                    .any(|(other, who)| !other && who != by)
        });
        assert!(
            !action.acts_on_person || blameless || self.hr || two,
            "containment {number} of a person before HR or an emergency"
        );
    }
}
