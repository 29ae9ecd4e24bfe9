//! Bodies that are no alerts: each gets its answer, and what was authenticated is kept until it can be read.

use super::harness::scenario;
use crate::payload;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const HELD: &str = "SELECT COUNT(*) FROM quarantine";

#[test]
fn each_bad_body_gets_its_answer_and_the_authenticated_ones_are_kept() {
    scenario(async |w| {
        let said = w.alert("purview", "{ this is no JSON").await.refused(400);
        assert!(said.contains("JSON"), "{said}");
        assert_eq!(w.count(HELD).await, 1);
        let said = w.alert("purview", "\"an alert\"").await.refused(400);
        assert_eq!(said, "Expected an object.");
        assert_eq!(w.count(HELD).await, 2);

        w.alert_with("purview", "not-the-secret", UPLOAD)
            .await
            .refused(401);
        w.alert_with("purview", "", "{ this is no JSON")
            .await
            .refused(401);
        w.alert("no-such-source", UPLOAD).await.refused(404);
        let huge = vec![b'['; 10 * 1024 * 1024];
        w.alert("purview", huge).await.refused(413);
        assert_eq!(w.count(HELD).await, 2, "nothing else is kept");
        assert_eq!(w.count("SELECT COUNT(*) FROM alerts").await, 0);
        assert!(w.tier1().channel("tier1-triage").await.is_empty());
    });
}

#[test]
fn one_bad_element_is_held_and_the_rest_is_taken() {
    scenario(async |w| {
        let list = format!("[{UPLOAD}, 42]");
        let outcomes = w.alert("purview", list).await.outcomes();
        assert_eq!(outcomes, ["opened INC-1", "quarantined"]);
        w.tier1().channel("tier1-triage").await.card("INC-1");
        assert_eq!(w.count(HELD).await, 1);
    });
}

#[test]
fn a_body_that_was_kept_once_is_counted_when_it_comes_again() {
    scenario(async |w| {
        for _ in 0..3 {
            w.alert("purview", "{ this is no JSON").await.refused(400);
        }
        assert_eq!(w.count(HELD).await, 1);
        assert_eq!(
            w.count("SELECT SUM(times_received) FROM quarantine").await,
            3
        );
    });
}
