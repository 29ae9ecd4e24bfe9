//! A story that goes on from wherever it was broken off: an incident from its claim to the answers of Governance. Each
//! step is looked for in the store before it is taken, and whatever a member was told is kept for the end.

use super::form::{ALL, Answer};
use super::seen::Message;
use super::{Member, World};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

const FILL: &str = "Fill in what is missing";
const SILENT: &str = "Answer without a value";
const REST: &str = "All that is missing";

/// A step: the word of the history, how often it stands there afterwards, who takes it, what they are told.
type Step = (&'static str, i64, &'static str, &'static str);

const WAY: [Step; 9] = [
    ("claimed", 1, "tier1", "is yours"),
    ("noted", 1, "tier1", "noted"),
    ("offered", 1, "tier1", "is handed over"),
    ("returned", 1, "tier2", "is returned"),
    ("offered", 2, "tier1", "is handed over"),
    ("accepted", 1, "tier2", "is yours"),
    ("engaged", 1, "tier2", "Governance is engaged"),
    ("answered", 1, "legal", "I have read this"),
    ("answered", 2, "grc", "I have read this"),
];
/// The same where nothing is returned.
const STRAIGHT: [usize; 7] = [0, 1, 2, 5, 6, 7, 8];

/// What came of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// The member was told that the step is done.
    On,
    /// No answer came, or not one that says so; or something has to be delivered first.
    Waits,
    Over,
}

/// One incident on its way.
pub struct Walk {
    number: u32,
    /// Known once its alert was answered.
    pub incident: Cell<Option<i64>>,
    /// What members were told is done: the word of the history, how often.
    pub told: RefCell<BTreeMap<&'static str, i64>>,
    /// Values that a member saw on a page that was confirmed.
    pub confirmed: RefCell<Vec<String>>,
    /// Tries in a row that led nowhere, and the last answer.
    stuck: RefCell<(u32, String)>,
}

impl Walk {
    pub fn new(number: u32) -> Self {
        Self {
            number,
            incident: Cell::default(),
            told: RefCell::default(),
            confirmed: RefCell::default(),
            stuck: RefCell::default(),
        }
    }

    /// Its alert, about a person of its own.
    pub fn alert(&self) -> String {
        crate::payload!("purview_dlp_alert_endpoint_web_low.json")
            .replace("93c389c1-be90", &format!("93c389c1-{:04}", self.number))
            .replace("visa.assistant", &format!("visa.assistant{}", self.number))
    }

    fn way(&self) -> Vec<Step> {
        if self.number.is_multiple_of(2) {
            return STRAIGHT.map(|at| WAY[at]).to_vec();
        }
        WAY.to_vec()
    }

    /// What the history must hold in the end, and nothing of it more often.
    pub fn expected(&self) -> BTreeMap<&'static str, i64> {
        self.way()
            .iter()
            .map(|(word, times, ..)| (*word, *times))
            .collect()
    }

    /// How many steps are done, by the history.
    fn done(&self, history: &BTreeMap<String, i64>) -> usize {
        let stands = |(word, times, ..): &&Step| history.get(*word).is_some_and(|n| n >= times);
        self.way().iter().take_while(stands).count()
    }

    /// Whether it is at its end.
    pub fn is_over(&self, w: &World) -> bool {
        let incident = self.incident.get();
        incident.is_some_and(|id| self.done(&w.history(id)) == self.way().len())
    }

    /// Tries the next step, whatever comes of it.
    pub async fn step(&self, w: &World) -> Went {
        let Some(incident) = self.incident.get() else {
            return Went::Waits;
        };
        let history = w.history(incident);
        let way = self.way();
        let Some((word, times, who, words)) = way.get(self.done(&history)).copied() else {
            return Went::Over;
        };
        // Nothing that was told may be missing; the store is read when nobody is at work on this incident.
        for (word, times) in self.told.borrow().iter() {
            let kept = history.get(*word).copied().unwrap_or_default();
            assert!(
                kept >= *times,
                "INC-{incident}: {word} was told {times} times, kept {kept}"
            );
        }
        let said = self.takes(w, incident, word, &w.member(who)).await;
        let text = said.map(|message| message.text()).unwrap_or_default();
        if text.contains(words) {
            self.told.borrow_mut().insert(word, times);
            self.stuck.take();
            return Went::On;
        }
        let mut stuck = self.stuck.borrow_mut();
        *stuck = (stuck.0 + 1, text);
        assert!(
            stuck.0 < 400,
            "INC-{incident} does not get to {word}: {}",
            stuck.1
        );
        Went::Waits
    }

    async fn takes(&self, w: &World, incident: i64, word: &str, who: &Member) -> Option<Message> {
        let id = format!("INC-{incident}");
        let case = [("incident", id.as_str())];
        let note = format!("Note of walk {}", self.number);
        match word {
            "claimed" => who.run("tier1-triage", "claim", &case).await.told(),
            "noted" => {
                let options = [case[0], ("text", note.as_str())];
                who.run("tier1-triage", "note", &options).await.told()
            }
            "returned" => {
                let reason = format!("Return of walk {}", self.number);
                let options = [case[0], ("reason", reason.as_str())];
                who.run("tier2-investigation", "return", &options)
                    .await
                    .told()
            }
            "accepted" => who.run("tier2-investigation", "accept", &case).await.told(),
            "offered" => {
                let desk = format!("Desk {}", self.number);
                let why = format!("Passports left, walk {}.", self.number);
                let answers = [("Department", desk.as_str()), ("Why not dismissed", &why)];
                self.form(w, who, "tier1-triage", "escalate", &answers)
                    .await
            }
            "engaged" => {
                let happened = format!("A list went to a chat service, walk {}.", self.number);
                let involved = format!("One assistant, walk {}.", self.number);
                let answers = [
                    ("What happened", happened.as_str()),
                    ("Who was involved", &involved),
                    ("Data at risk", "Passport numbers of five applicants."),
                    ("Actions taken and planned", "The address is blocked."),
                    ("What must not be done", "Do not speak to the person."),
                    (
                        "What is asked of Governance",
                        "May the account be disabled?",
                    ),
                    ("Answer wanted by", "2099-11-20 15:00"),
                    ("Criteria that are met", "The data falls under a duty"),
                ];
                self.form(w, who, "tier2-investigation", "engage", &answers)
                    .await
            }
            _ => {
                let brief = who.glance("governance").await.find_card(&id)?;
                who.press(&brief, "I have read this").await.told()
            }
        }
    }

    /// A form page by page to its end; one under way goes on where it was.
    async fn form(
        &self,
        w: &World,
        who: &Member,
        channel: &str,
        command: &str,
        answers: &[(&str, &str)],
    ) -> Option<Message> {
        let incident = self.incident.get()?;
        let id = format!("INC-{incident}");
        let first = if w.has_open_draft(incident) {
            let drafts = who.run(channel, "drafts", &[]).await.told()?;
            let again = who.pick(&drafts, "Go on with…", &[&format!("{id}:")]).await;
            // Each page that was confirmed is there.
            again.told().map(|review| self.stands(&review, answers))?;
            again
        } else {
            who.run(channel, command, &[("incident", &id)]).await
        };
        let answers = &[answers, &[("Definition of done", ALL)]].concat();
        let mut review = self.page(first, answers).await?;
        while review.buttons().iter().any(|label| label == FILL) {
            let next = who.press(&review, FILL).await;
            let known = next.opened()?.knows(answers);
            let before = review.text();
            review = self.page(next, answers).await?;
            if !known {
                break;
            }
            assert_ne!(review.text(), before, "the same is asked again");
        }
        if review.text().contains(REST) {
            review = who.pick(&review, SILENT, &[REST]).await.told()?;
        }
        who.press(&review, "Submit").await.told()
    }

    /// Sends what stands on one page; what the member then sees is confirmed.
    async fn page(&self, next: Answer, answers: &[(&str, &str)]) -> Option<Message> {
        let Some(form) = next.opened() else {
            return next.told();
        };
        let sent: Vec<&str> = answers
            .iter()
            .filter(|one| form.knows(&[**one]) && one.1.contains(&self.number.to_string()))
            .map(|(_, words)| *words)
            .collect();
        let review = form.fill(answers).await.told()?;
        for words in sent {
            assert!(
                review.text().contains(words),
                "{words} is not on:\n{}",
                review.text()
            );
            self.confirmed.borrow_mut().push(words.to_owned());
        }
        Some(review)
    }

    fn stands(&self, review: &Message, answers: &[(&str, &str)]) {
        for words in self.confirmed.borrow().iter() {
            let here = answers.iter().any(|(_, mine)| mine == words);
            assert!(
                !here || review.text().contains(words),
                "{words} was confirmed and is not on:\n{}",
                review.text()
            );
        }
    }
}
