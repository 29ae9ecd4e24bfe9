//! What becomes of alerts: counted, joined, found as repeated, quarantined.

use super::{Ground, alert, arrived, ground, start};
use crate::app::intake::{Arrived, Batch, Outcome};
use crate::domain::alert::{Alert, Reading, Severity};
use crate::domain::ids::{AlertId, CriterionId, IncidentId, SourceId};
use crate::domain::incident::Finding;
use crate::domain::playbook::rules::COUNTED;
use crate::store::alert::load_all;
use crate::store::detection::{Counting, list_known};
use chrono::TimeDelta;

/// How the criterion on earlier detections stands.
async fn repeat(ground: &Ground, id: IncidentId) -> Finding {
    let incident = ground.incident(id).await;
    incident.criteria[&CriterionId::new("lost-again")]
        .finding
        .clone()
}

fn at(id: &str, days: i64) -> Alert {
    let mut alert = alert(id);
    alert.times.detected_at = Some(start() - TimeDelta::days(days));
    alert
}

#[tokio::test]
async fn a_repeat_alert_is_counted_and_opens_nothing_new() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let taken = ground.take(vec![arrived(alert("a-1"))]).await;
    assert_eq!(taken[0].outcome, Outcome::Repeated);
    assert_eq!(taken[0].incident, Some(id));
    assert_eq!(ground.number("SELECT COUNT(*) FROM incidents").await, 1);
    assert_eq!(ground.number("SELECT COUNT(*) FROM alerts").await, 1);
    assert_eq!(ground.number("SELECT times_received FROM alerts").await, 2);
    assert_eq!(ground.number("SELECT COUNT(*) FROM raw_bodies").await, 1);
    // The card is not posted a second time; it waits once.
    assert_eq!(
        ground
            .number("SELECT COUNT(*) FROM outbox WHERE kind = 'post_card'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_newer_body_of_an_alert_updates_it_and_an_older_one_does_not() {
    let ground = ground().await;
    let with = |severity, minutes| {
        let mut alert = Alert {
            severity,
            ..alert("a-1")
        };
        alert.times.modified_at = Some(start() + TimeDelta::minutes(minutes));
        arrived(alert)
    };
    ground.take(vec![with(Severity::Low, 1)]).await;
    ground.take(vec![with(Severity::High, 2)]).await;
    ground.take(vec![with(Severity::Medium, 0)]).await;
    assert_eq!(
        ground.number("SELECT severity = 'high' FROM alerts").await,
        1
    );
    assert_eq!(ground.number("SELECT times_received FROM alerts").await, 3);
    assert_eq!(ground.number("SELECT COUNT(*) FROM raw_bodies").await, 3);
    assert_eq!(
        ground.incident(IncidentId(1)).await.severity,
        Severity::High
    );
    // It is one alert still, on its card too.
    assert_eq!(ground.incident(IncidentId(1)).await.alerts.len(), 1);
}

#[tokio::test]
async fn an_alert_of_the_same_detection_joins_the_open_incident() {
    let ground = ground().await;
    let of_one = |id| {
        arrived(Alert {
            source_incident_id: Some("group".to_owned()),
            ..alert(id)
        })
    };
    let taken = ground.take(vec![of_one("a-1"), of_one("a-2")]).await;
    assert_eq!(taken[0].outcome, Outcome::Opened);
    assert_eq!(taken[1].outcome, Outcome::Attached);
    assert_eq!(taken[0].incident, taken[1].incident);
    assert_eq!(ground.incident(IncidentId(1)).await.alerts.len(), 2);
}

#[tokio::test]
async fn alerts_of_one_batch_see_each_other_as_detections_of_the_person() {
    let ground = ground().await;
    let batch = ["a-1", "a-2", "a-3"].map(|id| arrived(alert(id)));
    let taken = ground.take(batch.to_vec()).await;
    let ids: Vec<IncidentId> = taken.iter().filter_map(|t| t.incident).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(repeat(&ground, ids[0]).await, Finding::NotMet);
    assert_eq!(repeat(&ground, ids[1]).await, Finding::NotMet);
    assert_eq!(repeat(&ground, ids[2]).await, Finding::Met);
    let facts = &ground.incident(ids[2]).await.criteria[&CriterionId::new("lost-again")].facts;
    assert_eq!(
        facts[..],
        [("Losses in 90 days".to_owned(), "3".to_owned())]
    );
}

#[tokio::test]
async fn re_sends_and_entities_of_one_alert_are_one_detection() {
    let ground = ground().await;
    let of_one = |id| {
        arrived(Alert {
            source_incident_id: Some("group".to_owned()),
            ..alert(id)
        })
    };
    ground
        .take(vec![
            of_one("a-1"),
            of_one("a-2"),
            of_one("a-1"),
            of_one("a-3"),
        ])
        .await;
    let second = ground.open(alert("b-1")).await;
    assert_eq!(repeat(&ground, second).await, Finding::NotMet);
    let third = ground.open(alert("c-1")).await;
    assert_eq!(repeat(&ground, third).await, Finding::Met);
}

#[tokio::test]
async fn drills_noted_alerts_other_people_and_what_lies_outside_the_window_do_not_count() {
    let ground = ground().await;
    let drill = Batch {
        source: SourceId::new("doors"),
        elements: vec![arrived(alert("drill-1")), arrived(alert("drill-2"))],
        reported_by: None,
        drill: true,
    };
    ground.app.take(drill).await.unwrap();
    let noted = |id| Arrived {
        raw: format!("noted {id}").into_bytes(),
        reading: Ok(Reading::Noted(
            Box::new(alert(id)),
            "it is resolved".to_owned(),
        )),
    };
    let taken = ground.take(vec![noted("n-1"), noted("n-2")]).await;
    assert!(
        taken
            .iter()
            .all(|t| t.outcome == Outcome::Noted && t.incident.is_none())
    );
    let mut other = alert("o-1");
    other.user.as_mut().unwrap().upn = Some("other@contoso.example".to_owned());
    ground.open(other).await;
    ground.open(at("old", 91)).await;
    ground.open(at("within", 89)).await;
    let second = ground.open(alert("a-1")).await;
    assert_eq!(repeat(&ground, second).await, Finding::NotMet);
    let third = ground.open(alert("a-2")).await;
    assert_eq!(repeat(&ground, third).await, Finding::Met);
}

#[tokio::test]
async fn a_person_behind_a_storm_is_counted_up_to_a_bound() {
    let ground = ground().await;
    let mut last = None;
    for from in (0..COUNTED).step_by(250) {
        let some = (from..from + 250).map(|n| arrived(at(&format!("a-{n}"), 1)));
        last = ground.take(some.collect()).await.pop().unwrap().incident;
        // The one before the bound is still told exactly.
        let told = ground.incident(last.unwrap()).await.criteria[&CriterionId::new("lost-again")]
            .facts[0]
            .1
            .clone();
        let wanted = match from + 250 {
            COUNTED => "1000 or more".to_owned(),
            count => count.to_string(),
        };
        assert_eq!(told, wanted);
    }
    ground.open(at("one more", 1)).await;
    let mut reader = ground.app.store.read().await.unwrap();
    let asked = Counting {
        person: ground
            .incident(last.unwrap())
            .await
            .concerned
            .into_iter()
            .next()
            .unwrap(),
        around: start(),
        until: None,
    };
    let window = Some(TimeDelta::days(30));
    let known = list_known(&mut reader, &[asked], window).await.unwrap();
    assert_eq!(
        (known[0].detections, known[0].open_incidents),
        (COUNTED, COUNTED)
    );
}

#[tokio::test]
async fn a_bad_element_is_quarantined_and_the_rest_is_taken() {
    let ground = ground().await;
    let bad = Arrived {
        raw: b"{}".to_vec(),
        reading: Err(("/1/id".to_owned(), "It has no id.".to_owned())),
    };
    let taken = ground
        .take(vec![
            arrived(alert("a-1")),
            bad.clone(),
            arrived(alert("a-2")),
        ])
        .await;
    let outcomes: Vec<&str> = taken.iter().map(|t| t.outcome.key()).collect();
    assert_eq!(outcomes, ["opened", "quarantined", "opened"]);
    assert_eq!(taken[1].id, "QRT-1");
    // The same bytes again are counted.
    assert_eq!(ground.take(vec![bad]).await[0].id, "QRT-1");
    assert_eq!(
        ground.number("SELECT times_received FROM quarantine").await,
        2
    );
}

#[tokio::test]
async fn what_no_playbook_takes_waits_in_the_last_with_a_clock() {
    let ground = ground().await;
    let strange = Alert {
        product: Some("Lifts".to_owned()),
        ..alert("a-1")
    };
    let id = ground.open(strange).await;
    let incident = ground.incident(id).await;
    let last = ground.app.playbooks.fallback().unwrap();
    assert_eq!(incident.playbook, last.reference);
    assert_eq!(
        ground
            .number("SELECT COUNT(*) FROM dues WHERE kind = 'take'")
            .await,
        1
    );
}

#[tokio::test]
async fn alerts_of_one_request_lead_to_what_the_same_lead_to_one_by_one() {
    use Outcome::{Attached, Opened, Repeated};
    use Severity::{High, Low, Medium};
    let of = |id: &str, detection: &str, severity| {
        let mut alert = Alert {
            source_incident_id: Some(detection.to_owned()),
            severity,
            ..alert(id)
        };
        alert.times.modified_at = Some(start() + TimeDelta::minutes(severity as i64));
        arrived(alert)
    };
    let requests = [
        vec![
            of("a-1", "a", Medium),
            of("b-1", "b", Low),
            of("a-2", "a", Medium),
            of("a-3", "a", Medium),
            of("a-2", "a", Medium),
        ],
        vec![
            of("a-1", "a", Medium),
            of("b-1", "b", Low),
            of("a-4", "a", Medium),
            of("a-3", "a", High),
            of("b-2", "b", Medium),
            of("a-4", "a", High),
            of("a-1", "a", Medium),
        ],
    ];
    let (together, apart) = (ground().await, ground().await);
    let mut outcomes = Vec::new();
    for request in requests {
        let taken = together.take(request.clone()).await;
        let mut single = Vec::new();
        for one in request {
            single.extend(apart.take(vec![one]).await);
        }
        assert_eq!(taken, single);
        outcomes.extend(taken.into_iter().map(|taken| taken.outcome));
    }
    let of_first = [Opened, Opened, Attached, Attached, Repeated];
    assert_eq!(outcomes[..5], of_first);
    let of_second = [Repeated, Repeated, Attached, Repeated, Attached];
    assert_eq!(outcomes[5..10], of_second);
    for id in [1, 2].map(IncidentId) {
        let (one, other) = (together.incident(id).await, apart.incident(id).await);
        assert_eq!(one, other);
        let mut histories = Vec::new();
        for ground in [&together, &apart] {
            let mut reader = ground.app.store.read().await.unwrap();
            let history = crate::store::event::list(&mut reader, id).await.unwrap();
            histories.push(history.into_iter().map(|e| e.kind).collect::<Vec<_>>());
        }
        assert_eq!(histories[0], histories[1]);
    }
    for sql in [
        "SELECT SUM(times_received) FROM alerts",
        "SELECT COUNT(*) FROM raw_bodies",
        "SELECT COUNT(*) FROM incidents",
    ] {
        assert_eq!(together.number(sql).await, apart.number(sql).await, "{sql}");
    }
    // And the history holds.
    let mut reader = together.app.store.read().await.unwrap();
    let proof = crate::store::verify::verify(&mut reader).await.unwrap();
    assert_eq!(proof.fault, None);
}

#[tokio::test]
async fn alerts_are_read_in_the_order_that_is_asked_and_a_missing_one_is_a_fault() {
    let ground = ground().await;
    let three = ["a-1", "a-2", "a-3"].map(|id| arrived(alert(id)));
    ground.take(three.into()).await;
    let mut reader = ground.app.store.read().await.unwrap();
    let order = [AlertId(2), AlertId(3), AlertId(1), AlertId(3)];
    let read = load_all(&mut reader, &order).await.unwrap();
    let ids: Vec<&str> = read
        .iter()
        .map(|k| k.alert.source_alert_id.as_str())
        .collect();
    assert_eq!(ids, ["a-2", "a-3", "a-1", "a-3"]);
    let fault = load_all(&mut reader, &[AlertId(1), AlertId(9)]).await;
    assert!(fault.unwrap_err().to_string().contains("ALR-9"));
}
