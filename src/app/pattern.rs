//! Known patterns: written, tried on past alerts before they are saved, approved by a second person, reviewed, retired.

use super::intend::intend_all;
use super::{App, AppError};
use crate::domain::alert::{Alert, Named};
use crate::domain::effect::Effect;
use crate::domain::ids::{AccountId, IncidentId, PatternId, PersonId, PlaybookId};
use crate::domain::incident::Refusal;
use crate::domain::pattern::{
    self, Draft, Fit, Pattern, Standing, Step, Trial, Typed, Word, judge, may_approve, may_propose,
    may_read,
};
use crate::domain::playbook::criterion::Expr;
use crate::domain::playbook::rules::PatternRules;
use crate::domain::policy::Actor;
use crate::domain::restricted::Level;
use crate::domain::role::Role;
use crate::store::pattern::Entry;
use crate::store::{self, Batch, Connection};
use std::collections::BTreeMap;

/// Identities shorter than this are no names: they stand in other words.
const LEAST_NAME: usize = 4;

/// A pattern that somebody is writing.
#[derive(Debug)]
pub struct Sketch {
    pub draft: i64,
    /// The playbook's title.
    pub playbook: String,
    pub typed: Typed,
    /// What is wrong with it, a line each.
    pub wrong: Vec<String>,
    /// How its scope did on past alerts, where it could be tried.
    pub trial: Option<Trial>,
}

/// A pattern as a member may see it.
#[derive(Debug)]
pub struct Shown {
    pub pattern: Pattern,
    pub standing: Standing,
    /// The playbook's title.
    pub playbook: String,
    pub history: Vec<Entry>,
    /// How its scope does on past alerts today.
    pub trial: Option<Trial>,
    pub names: BTreeMap<PersonId, String>,
    pub may_approve: bool,
    pub may_review: bool,
    pub may_retire: bool,
}

impl App {
    /// The playbooks for which the member may propose patterns: title and id.
    pub fn pattern_playbooks(&self, actor: &Actor) -> Vec<(String, String)> {
        let current = self.playbooks.current().iter();
        current
            .filter(|loaded| {
                let rules = loaded.playbook.patterns.as_ref();
                rules.is_some_and(|rules| may_propose(actor, rules))
            })
            .map(|l| (l.playbook.title.clone(), l.reference.id.to_string()))
            .collect()
    }

    /// Title and rules of a playbook in force.
    fn pattern_rules(&self, id: &PlaybookId) -> Result<(String, PatternRules), Refusal> {
        let found = self.playbooks.current().iter();
        found
            .filter(|loaded| loaded.reference.id == *id)
            .find_map(|l| Some((l.playbook.title.clone(), l.playbook.patterns.clone()?)))
            .ok_or_else(|| Refusal::NoPattern {
                why: "This playbook knows no patterns.".to_owned(),
            })
    }

    /// Opens the member's pattern under way, or an empty one.
    pub async fn sketch_pattern(
        &self,
        actor: &Actor,
        playbook: Option<PlaybookId>,
        like: Option<IncidentId>,
    ) -> Result<Sketch, AppError> {
        let like = match like {
            Some(id) => Some(self.like(actor, id).await?),
            None => None,
        };
        let playbook = like.as_ref().map(|(id, _)| id.clone()).or(playbook);
        let only = || match self.pattern_playbooks(actor).as_slice() {
            [(_, id)] => Some(PlaybookId::new(id)),
            _ => None,
        };
        let id = playbook.or_else(only).ok_or_else(|| Refusal::NoPattern {
            why: "There is no playbook, or more than one, for which you may propose patterns: choose one in the option `playbook`."
                .to_owned(),
        })?;
        let (title, rules) = self.pattern_rules(&id)?;
        proposes(actor, &rules)?;
        let (person, now) = (actor.person, self.now());
        let draft = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let mut found =
                        store::pattern::find_or_insert_draft(connection, person, &id, now).await?;
                    // What was typed before stays; only an empty scope begins with the incident's facts.
                    let scope = like.map(|(_, scope)| scope);
                    if let Some(scope) = scope.filter(|_| found.typed.scope.is_empty()) {
                        found.typed.scope = scope;
                        let (id, typed) = (found.id, &found.typed);
                        store::pattern::save_draft(connection, id, typed, now).await?;
                    }
                    Ok::<_, AppError>(found)
                })
            })
            .await?;
        Ok(Sketch {
            draft: draft.id,
            playbook: title,
            typed: draft.typed,
            wrong: Vec::new(),
            trial: None,
        })
    }

    /// The playbook of an incident, and a scope from what its card shows of the first alert.
    async fn like(&self, actor: &Actor, id: IncidentId) -> Result<(PlaybookId, String), AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        if visible.clearance.level() < Level::Facts {
            return Err(Refusal::NotFound.into());
        }
        let first = self.first_alert(&mut reader, &visible.incident).await?;
        let alert = first.as_ref().map(|on| &on.alert);
        let named = |of: fn(&Alert) -> &Option<Named>| of(alert?).as_ref()?.name.clone();
        let parts = [
            ("alert.policy", named(|a| &a.policy)),
            ("alert.rule", named(|a| &a.rule)),
            ("alert.workload", alert.and_then(|a| a.workload.clone())),
            ("alert.action", alert.and_then(|a| a.action.clone())),
        ];
        let written = parts.into_iter().filter_map(|(path, value)| {
            let value = value?.replace('\\', "\\\\").replace('\'', "\\'");
            Some(format!("{path} == '{value}'"))
        });
        let scope = written.collect::<Vec<_>>().join("\n&& ");
        Ok((visible.incident.playbook.id.clone(), scope))
    }

    /// The member's own pattern under way, tried; `typed` is saved before anything is checked.
    pub async fn try_pattern(
        &self,
        actor: &Actor,
        id: i64,
        typed: Option<Typed>,
    ) -> Result<Sketch, AppError> {
        if let Some(typed) = typed {
            let (actor, now) = (actor.clone(), self.now());
            self.store
                .write(move |connection| {
                    Box::pin(async move {
                        own(connection, &actor, id).await?;
                        store::pattern::save_draft(connection, id, &typed, now).await?;
                        Ok::<_, AppError>(())
                    })
                })
                .await?;
        }
        let mut reader = self.store.read().await?;
        Ok(self.tried(&mut reader, actor, id).await?.0)
    }

    async fn tried(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: i64,
    ) -> Result<(Sketch, PlaybookId, Option<(Draft, PersonId)>), AppError> {
        let draft = own(connection, actor, id).await?;
        let (title, rules) = self.pattern_rules(&draft.playbook)?;
        proposes(actor, &rules)?;
        let mut wrong = Vec::new();
        let read = pattern::read(&draft.typed, &rules, self.now(), self.zone);
        let read = read.map_err(|faults| wrong.extend(faults)).ok();
        let owner = self
            .owner_of(connection, actor, &draft.typed.owner, &rules)
            .await?;
        if owner.is_none() {
            wrong.push("Owner must be a member who may propose or approve patterns".to_owned());
        }
        if names_whom(connection, actor, &draft.typed).await? {
            wrong.push(
                "It names you, or somebody whose line manager you are: somebody else proposes it"
                    .to_owned(),
            );
        }
        let scope = Expr::parse(draft.typed.scope.trim()).ok();
        let trial = match scope {
            Some(scope) => Some(
                self.trial(connection, actor, &draft.playbook, &scope)
                    .await?,
            ),
            None => None,
        };
        wrong.extend(trial.as_ref().and_then(Trial::fault));
        let ready = read.zip(owner).filter(|_| wrong.is_empty());
        let sketch = Sketch {
            draft: id,
            playbook: title,
            typed: draft.typed,
            wrong,
            trial,
        };
        Ok((sketch, draft.playbook, ready))
    }

    async fn owner_of(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        account: &str,
        rules: &PatternRules,
    ) -> Result<Option<PersonId>, AppError> {
        if account.is_empty() {
            return Ok(Some(actor.person));
        }
        let member = store::people::find_member(connection, &AccountId::new(account)).await?;
        let stands = |role: &Role| rules.propose.contains(role) || rules.approve.contains(role);
        let member = member.filter(|member| member.roles.iter().any(stands));
        Ok(member.map(|member| member.person))
    }

    /// Saves the pattern under way as proposed. What cannot be proposed comes back with what is wrong.
    pub async fn propose_pattern(
        &self,
        actor: &Actor,
        id: i64,
    ) -> Result<Result<Pattern, Sketch>, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let (sketch, playbook, ready) = app.tried(connection, &actor, id).await?;
                    let Some((draft, owner)) = ready else {
                        return Ok(Err(sketch));
                    };
                    let trial = sketch.trial.unwrap_or_default();
                    let proposed = Word {
                        by: actor.person,
                        at: app.now(),
                    };
                    let pattern = Pattern {
                        id: store::number::next(connection).await?.pattern,
                        playbook,
                        title: draft.title,
                        reason: draft.reason,
                        scope: draft.scope.source().to_owned(),
                        owner,
                        expires_at: draft.expires_at,
                        proposed,
                        approved: None,
                        reviewed: None,
                        retired: None,
                        matched: trial.matched,
                        tried: trial.tried,
                        hits: 0,
                        last_hit_at: None,
                    };
                    store::pattern::save(connection, &pattern).await?;
                    let entry = entry(&pattern, &actor, proposed, "proposed", &trial.words());
                    store::pattern::append(connection, pattern.id, &entry).await?;
                    store::pattern::delete_draft(connection, id).await?;
                    Ok::<_, AppError>(Ok(pattern))
                })
            })
            .await
    }

    /// The patterns that the member may read, those that wait for approval first, retired ones last.
    pub async fn patterns(&self, actor: &Actor) -> Result<Vec<(Pattern, Standing)>, AppError> {
        let mut reader = self.store.read().await?;
        let known_as = store::people::known_as(&mut reader, actor.person).await?;
        let now = self.now();
        let mut found: Vec<_> = store::pattern::list(&mut reader)
            .await?
            .into_iter()
            .filter(|one| self.is_readable(actor, one) && !names_any(&texts(one), &known_as))
            .map(|one| {
                let standing = one.standing(now);
                (one, standing)
            })
            .collect();
        found.sort_by_key(|(one, standing)| (*standing as u8, one.id));
        Ok(found)
    }

    fn is_readable(&self, actor: &Actor, one: &Pattern) -> bool {
        let rules = self.pattern_rules(&one.playbook);
        rules.is_ok_and(|(_, rules)| may_read(actor, &rules))
    }

    /// How many patterns wait for this member's approval.
    pub async fn patterns_to_approve(&self, actor: &Actor) -> Result<usize, AppError> {
        let found = self.patterns(actor).await?;
        let waits = |one: &Pattern| {
            let rules = self.pattern_rules(&one.playbook);
            one.proposed.by != actor.person
                && rules.is_ok_and(|(_, rules)| may_approve(actor, &rules))
        };
        let waiting = found.iter().filter(|(_, s)| *s == Standing::Proposed);
        Ok(waiting.filter(|(one, _)| waits(one)).count())
    }

    /// A pattern as the member may read it; out of sight it is not there.
    async fn pattern_for(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: PatternId,
    ) -> Result<(Pattern, String, PatternRules), AppError> {
        let found = store::pattern::find(connection, id).await?;
        let known_as = store::people::known_as(connection, actor.person).await?;
        let found = found
            .filter(|one| self.is_readable(actor, one) && !names_any(&texts(one), &known_as))
            .ok_or_else(|| Refusal::NoPattern {
                why: "There is no such pattern, or it is not yours to see.".to_owned(),
            })?;
        let (title, rules) = self.pattern_rules(&found.playbook)?;
        Ok((found, title, rules))
    }

    /// One pattern with its history, and how its scope does today.
    pub async fn pattern(&self, actor: &Actor, id: PatternId) -> Result<Shown, AppError> {
        let mut reader = self.store.read().await?;
        let (pattern, playbook, rules) = self.pattern_for(&mut reader, actor, id).await?;
        let history = store::pattern::history(&mut reader, id).await?;
        let trial = match Expr::parse(&pattern.scope) {
            Ok(scope) => Some(
                self.trial(&mut reader, actor, &pattern.playbook, &scope)
                    .await?,
            ),
            Err(_) => None,
        };
        let names = store::people::names(&mut reader, &[]).await?;
        let now = self.now();
        // Asked with words, since only the rest is to be known here.
        let words = || "asked".to_owned();
        let until = pattern.expires_at;
        let may = |step: Step| judge(&pattern, &step, actor, &rules, now).is_ok();
        Ok(Shown {
            standing: pattern.standing(now),
            may_approve: may(Step::Approve { words: words() }),
            may_review: may(Step::Review {
                until,
                words: words(),
            }),
            may_retire: may(Step::Retire { words: words() }),
            playbook,
            history,
            trial,
            names,
            pattern,
        })
    }

    /// Until when a review lets it count, as it was typed.
    pub async fn pattern_until(
        &self,
        actor: &Actor,
        id: PatternId,
        text: &str,
    ) -> Result<chrono::DateTime<chrono::Utc>, AppError> {
        let mut reader = self.store.read().await?;
        let (_, _, rules) = self.pattern_for(&mut reader, actor, id).await?;
        let until = pattern::expiry(text, &rules, self.now(), self.zone);
        Ok(until.map_err(|fault| Refusal::NoPattern {
            why: format!("The new date {fault}."),
        })?)
    }

    /// Approves, reviews or retires a pattern; the cards of the open incidents that it covers show it at once.
    pub async fn step_pattern(
        &self,
        actor: &Actor,
        id: PatternId,
        step: Step,
    ) -> Result<Pattern, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let (before, _, rules) = app.pattern_for(connection, &actor, id).await?;
                    let now = app.now();
                    let after = judge(&before, &step, &actor, &rules, now)?;
                    let shown_before = app.covered_cards(connection, id).await?;
                    store::pattern::save(connection, &after).await?;
                    let word = Word {
                        by: actor.person,
                        at: now,
                    };
                    let entry = entry(&after, &actor, word, step.kind(), step.words());
                    store::pattern::append(connection, id, &entry).await?;
                    let mut cards = app.covered_cards(connection, id).await?;
                    cards.extend(shown_before);
                    let wanted: Vec<_> = cards.values().map(|(i, e)| (i, e.clone())).collect();
                    let mut batch = Batch::default();
                    intend_all(&mut batch, &wanted, now);
                    batch.write(connection).await?;
                    Ok::<_, AppError>(after)
                })
            })
            .await
    }

    /// The cards of open incidents that show the pattern, as it is saved now.
    async fn covered_cards(
        &self,
        connection: &mut Connection,
        id: PatternId,
    ) -> Result<Cards, AppError> {
        let mut cards = Cards::new();
        for incident in store::incident::list_open(connection).await? {
            let loaded = self.playbooks.load(&incident.playbook)?;
            let walls = store::incident::walls(connection, incident.id).await?;
            let fitting = self
                .fitting(connection, &incident, &loaded.playbook, &walls)
                .await?;
            let covers = fitting
                .iter()
                .any(|one| one.pattern.id == id && matches!(one.fit, Fit::Covers { .. }));
            let visit = incident.current_visit().filter(|_| covers);
            if let Some((visit, stay)) = visit {
                let channel = stay.channel.clone();
                let effect = Effect::EditCard { visit, channel };
                cards.insert(incident.id, (incident, effect));
            }
        }
        Ok(cards)
    }
}

type Cards = BTreeMap<IncidentId, (crate::domain::incident::Incident, Effect)>;

fn proposes(actor: &Actor, rules: &PatternRules) -> Result<(), Refusal> {
    if may_propose(actor, rules) {
        return Ok(());
    }
    let who: Vec<&str> = rules.propose.iter().map(|role| role.key()).collect();
    Err(Refusal::NoPattern {
        why: format!("Only {} may propose patterns.", who.join(" or ")),
    })
}

async fn own(
    connection: &mut Connection,
    actor: &Actor,
    id: i64,
) -> Result<store::pattern::Draft, AppError> {
    let draft = store::pattern::find_draft(connection, id).await?;
    let draft = draft.filter(|draft| draft.author == actor.person);
    Ok(draft.ok_or_else(|| Refusal::NoPattern {
        why: "This form is sent already, or it is not yours.".to_owned(),
    })?)
}

fn texts(one: &Pattern) -> [String; 3] {
    [&one.title, &one.reason, &one.scope].map(|text| text.to_lowercase())
}

/// Whether a text names somebody: one of these identities stands in it.
fn names_any(texts: &[String], known_as: &[String]) -> bool {
    let names = known_as.iter().filter(|name| name.len() >= LEAST_NAME);
    names
        .into_iter()
        .any(|name| texts.iter().any(|text| text.contains(name.as_str())))
}

/// Whether it names its own author, or somebody whose line manager they are.
async fn names_whom(
    connection: &mut Connection,
    actor: &Actor,
    typed: &Typed,
) -> Result<bool, AppError> {
    let known_as = store::people::known_as(connection, actor.person).await?;
    let texts = [&typed.title, &typed.reason, &typed.scope].map(|text| text.to_lowercase());
    Ok(names_any(&texts, &known_as))
}

fn entry(pattern: &Pattern, actor: &Actor, word: Word, kind: &str, words: &str) -> Entry {
    Entry {
        at: word.at,
        by: word.by,
        role: actor.roles.first().copied(),
        kind: kind.to_owned(),
        expires_at: pattern.expires_at,
        words: words.to_owned(),
    }
}
