//! What the auditor finds, when it says so, and how the service's health is judged.

use super::{Case, actor};
use crate::domain::audit::{
    AGAIN_AFTER, Kept, Kind, Noted, QUIET_FOR, ROUND_EVERY, Round, Seen, look, note,
};
use crate::domain::due;
use crate::domain::health::{Facts, Standing, Unsent, Waiting, overall};
use crate::domain::hours::Calendar;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Command;
use crate::domain::role::Role;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// Everything that the store should keep of it.
fn kept(case: &Case) -> Kept {
    let dues = due::of(
        case.incident(),
        &case.playbook,
        &Calendar::default(),
        case.now,
    );
    Kept {
        dues: dues
            .into_iter()
            .map(|due| (due.kind.key(), due.at))
            .collect(),
        carded: true,
    }
}

fn found(case: &Case, kept: &Kept) -> Vec<Kind> {
    let (incident, playbook) = (case.incident(), Some(&case.playbook));
    let kinds: BTreeSet<Kind> = look(incident, playbook, &Calendar::default(), kept, case.now);
    kinds.into_iter().collect()
}

#[test]
fn an_open_incident_has_its_deadlines_in_time_and_its_card() {
    let mut case = Case::opened();
    let whole = kept(&case);
    let at = whole.dues["take"];
    let with = |row: Option<(&str, DateTime<Utc>)>| {
        let mut kept = whole.clone();
        match row {
            Some((key, at)) => kept.dues.insert(key.to_owned(), at),
            None => kept.dues.remove("take"),
        };
        kept
    };
    let uncarded = Kept {
        carded: false,
        ..whole.clone()
    };
    let minute = TimeDelta::minutes(1);
    for (change, expected) in [
        (whole.clone(), vec![]),
        (with(None), vec![Kind::Deadline]),
        (with(Some(("take", at + minute))), vec![Kind::Deadline]),
        // Looked at earlier, no more.
        (with(Some(("take", at - minute))), vec![]),
        (with(Some(("talk:9", at))), vec![Kind::Deadline]),
        (uncarded, vec![Kind::Card]),
        (Kept::default(), vec![Kind::Deadline, Kind::Card]),
    ] {
        assert_eq!(found(&case, &change), expected, "{change:?}");
    }
    // Its playbook cannot be read any more: nothing follows from it.
    let nothing = look(
        case.incident(),
        None,
        &Calendar::default(),
        &whole,
        case.now,
    );
    assert_eq!(nothing, [Kind::NoNextStep].into());
    case.playbook.stages.clear();
    assert!(found(&case, &whole).contains(&Kind::NoNextStep));
}

#[test]
fn what_has_ended_is_looked_at_no_more() {
    let mut case = Case::opened();
    case.submit(&actor(Role::Tier1, 1), case.complete("drawer"))
        .unwrap();
    assert_eq!(found(&case, &Kept::default()), []);
    let mut case = Case::opened();
    case.act(Some(&actor(Role::Tier1, 1)), &Command::Claim)
        .unwrap();
    assert_eq!(found(&case, &kept(&case)), []);
}

#[test]
fn a_round_begins_each_minute_and_at_once_where_the_clock_was_set_back() {
    let start = super::start();
    let mut round = Round::default();
    assert_eq!(round.go_on(start), Some(0));
    round.after = Some(500);
    round.count(Kind::Card, IncidentId(7), true);
    assert_eq!(round.go_on(start), Some(500), "it goes on where it stood");
    assert_eq!(
        round.seen[&Kind::Card],
        Seen {
            count: 1,
            mended: 1
        }
    );
    round.after = None;
    assert_eq!(round.go_on(start + TimeDelta::seconds(59)), None);
    assert_eq!(round.go_on(start + ROUND_EVERY), Some(0));
    assert!(round.seen.is_empty());
    round.after = None;
    assert_eq!(round.go_on(start), Some(0));
}

#[test]
fn a_finding_is_told_once_and_again_only_where_it_stays() {
    let start = super::start();
    let minutes = |count| start + TimeDelta::minutes(count);
    let again = AGAIN_AFTER.num_minutes();
    let quiet = QUIET_FOR.num_minutes();
    let mut noted: Option<Noted> = None;
    // Minute, how many are found, whether it is told.
    for (minute, count, told) in [
        (0, 0, false),
        (1, 2, true),
        (2, 3, false),
        (again, 3, false),
        (1 + again, 3, true),
        (2 + again, 0, false),
        (3 + again, 0, false),
        // It comes back too soon to be told, stays, and is told then.
        (4 + again, 1, false),
        (1 + again + quiet, 1, true),
        (2 + again + quiet, 0, false),
        (1 + again + 2 * quiet, 1, true),
        // The clock was set back.
        (5, 1, true),
    ] {
        let seen = Seen { count, mended: 0 };
        let (next, tell) = note(noted.as_ref(), seen, minutes(minute));
        assert_eq!(tell, told, "minute {minute}");
        assert_eq!(next.as_ref().is_some_and(Noted::is_open), count > 0);
        noted = next;
    }
}

#[test]
fn what_is_told_names_no_incident_and_says_what_to_do() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_key(kind.key()), Some(kind));
        assert!(!kind.next().is_empty());
        for count in [1, 2] {
            let words = kind.words(count);
            assert!(
                words.starts_with(&count.to_string()) && !words.contains("INC"),
                "{words}"
            );
        }
    }
}

fn now() -> DateTime<Utc> {
    super::start() + TimeDelta::days(3)
}

/// A service that does its work.
fn well() -> Facts {
    let lately = Some(now() - TimeDelta::seconds(20));
    Facts {
        started_at: Some(super::start()),
        committed_at: lately,
        chain: (12, "ab12".to_owned()),
        swept_at: lately,
        audited_at: lately,
        backup_at: Some(now() - TimeDelta::hours(3)),
        ..Facts::default()
    }
}

fn waits(minutes: i64) -> Vec<Unsent> {
    vec![Unsent {
        channel: "tier1-triage".to_owned(),
        waiting: Waiting {
            count: 3,
            since: Some(now() - TimeDelta::minutes(minutes)),
        },
    }]
}

fn noted(kind: Kind) -> Vec<(Kind, Noted)> {
    let seen = Seen {
        count: 2,
        mended: 0,
    };
    vec![(kind, note(None, seen, now()).0.unwrap())]
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_fact_is_judged_on_its_own_line_with_a_next_step() {
    use Standing::{Attention, Degraded, Well};
    let ago = |minutes| Some(now() - TimeDelta::minutes(minutes));
    let late = |minutes| Waiting {
        count: 1,
        since: ago(minutes),
    };
    let table: Vec<(&str, Facts, Standing, &str)> = vec![
        (
            "gateway",
            Facts {
                missing: vec!["It broke".into()],
                ..well()
            },
            Degraded,
            "It broke.",
        ),
        (
            "discord",
            Facts {
                token_refused: true,
                ..well()
            },
            Degraded,
            "refuses the token",
        ),
        (
            "discord",
            Facts {
                refused_lately: 100,
                ..well()
            },
            Attention,
            "refused 100 requests",
        ),
        (
            "messages",
            Facts {
                unsent: waits(0),
                ..well()
            },
            Well,
            "3 messages wait, the oldest just now",
        ),
        (
            "messages",
            Facts {
                unsent: waits(2),
                ..well()
            },
            Attention,
            "for 2 min (tier1-triage 3)",
        ),
        (
            "messages",
            Facts {
                unsent: waits(10),
                ..well()
            },
            Degraded,
            "for 10 min",
        ),
        (
            "messages",
            Facts {
                resting: 4,
                ..well()
            },
            Attention,
            "4 rest until",
        ),
        (
            "store",
            Facts {
                committed_at: ago(6),
                ..well()
            },
            Degraded,
            "The last commit was 6 min ago.",
        ),
        (
            "store",
            Facts {
                committed_at: None,
                ..well()
            },
            Degraded,
            "Nothing was committed yet.",
        ),
        (
            "timers",
            Facts {
                swept_at: ago(1),
                ..well()
            },
            Degraded,
            "looked at 1 min ago",
        ),
        (
            "timers",
            Facts {
                overdue: late(0),
                ..well()
            },
            Well,
            "1 overdue",
        ),
        (
            "timers",
            Facts {
                overdue: late(2),
                ..well()
            },
            Attention,
            "for 2 min",
        ),
        (
            "timers",
            Facts {
                overdue: late(5),
                ..well()
            },
            Degraded,
            "for 5 min",
        ),
        (
            "auditor",
            Facts {
                audited_at: ago(16),
                ..well()
            },
            Degraded,
            "16 min ago",
        ),
        (
            "auditor",
            Facts {
                findings: noted(Kind::Card),
                ..well()
            },
            Attention,
            "2 open incidents had no card",
        ),
        (
            "auditor",
            Facts {
                findings: noted(Kind::NoNextStep),
                ..well()
            },
            Degraded,
            "no next step",
        ),
        (
            "quarantine",
            Facts {
                quarantined: 2,
                ..well()
            },
            Attention,
            "2 bodies",
        ),
        (
            "backup",
            Facts {
                backup_at: None,
                ..well()
            },
            Attention,
            "There is no backup yet.",
        ),
        (
            "backup",
            Facts {
                backup_at: ago(49 * 60),
                ..well()
            },
            Attention,
            "2 days ago",
        ),
        (
            "backup",
            Facts {
                backup_fault_at: ago(1),
                ..well()
            },
            Degraded,
            "One failed 1 min ago.",
        ),
        // Made again since.
        (
            "backup",
            Facts {
                backup_fault_at: ago(300),
                ..well()
            },
            Well,
            "3 hours ago",
        ),
        ("history", well(), Well, "12 entries, head ab12"),
    ];
    assert_eq!(overall(&well().lines(now())), Well);
    for (check, facts, standing, text) in table {
        let lines = facts.lines(now());
        let line = lines.iter().find(|line| line.check == check).unwrap();
        assert_eq!(
            (line.status, overall(&lines)),
            (standing, standing),
            "{line:?}"
        );
        assert!(line.text.contains(text), "{line:?}");
        assert_eq!(line.next.is_empty(), standing == Well, "{line:?}");
    }
}

#[test]
fn just_after_the_start_nothing_is_late_yet_and_it_does_not_stay_so() {
    let fresh = |seconds| Facts {
        started_at: Some(now() - TimeDelta::seconds(seconds)),
        backup_at: well().backup_at,
        ..Facts::default()
    };
    assert_eq!(overall(&fresh(5).lines(now())), Standing::Well);
    assert_eq!(overall(&fresh(1000).lines(now())), Standing::Degraded);
    assert_eq!(overall(&Facts::default().lines(now())), Standing::Degraded);
}

#[test]
fn life_is_a_gateway_a_token_and_timers_that_run() {
    assert_eq!(well().deadly(now()), Vec::<String>::new());
    for dead in [
        Facts {
            missing: vec!["It broke".to_owned()],
            ..well()
        },
        Facts {
            token_refused: true,
            ..well()
        },
        Facts {
            swept_at: Some(now() - TimeDelta::minutes(2)),
            ..well()
        },
    ] {
        assert_eq!(dead.deadly(now()).len(), 1);
    }
    // Somebody has to look at these, and Baton lives.
    for alive in [
        Facts {
            quarantined: 2,
            backup_at: None,
            ..well()
        },
        Facts {
            unsent: waits(60),
            ..well()
        },
    ] {
        assert_eq!(alive.deadly(now()), Vec::<String>::new());
    }
}
