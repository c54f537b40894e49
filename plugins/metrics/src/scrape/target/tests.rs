use super::*;

fn entry(json: &str) -> TargetSettings {
    serde_json::from_str(json).unwrap()
}

fn read(entries: &[TargetSettings]) -> (Vec<Target>, Vec<String>) {
    let (targets, errors) = targets_from_settings(entries, DEFAULT_INTERVAL);
    (targets, errors.iter().map(ToString::to_string).collect())
}

#[test]
fn an_entry_becomes_a_target() {
    let (targets, errors) = read(&[
        entry(
            r#"{"job": " node ", "url": "http://10.0.0.2:9100/metrics", "intervalSeconds": 5, "labels": {"room": "lab"}}"#,
        ),
        entry(r#"{"job": "app", "url": "http://u:pw@h", "later": true}"#),
    ]);
    assert_eq!(errors, [""; 0]);
    assert_eq!(targets[0].labels.to_string(), r#"{instance="10.0.0.2:9100", job="node", room="lab"}"#);
    assert_eq!((targets[0].job(), targets[0].instance()), ("node", "10.0.0.2:9100"));
    assert_eq!(
        (targets[0].interval(), targets[0].timeout()),
        (Duration::from_secs(5), Duration::from_secs(5))
    );
    assert_eq!((targets[1].interval(), targets[1].timeout()), (DEFAULT_INTERVAL, MAX_TIMEOUT));
    assert_eq!(targets[1].instance(), "h:80");
    assert!(!format!("{targets:?}").contains("pw"));
}

#[test]
fn what_is_wrong_is_named_and_the_others_go_on() {
    let good = r#"{"job": "a", "url": "http://h:1/m"}"#;
    let (targets, errors) = read(&[
        entry(good),
        entry(r#"{"url": "http://h:2"}"#),
        entry(r#"{"job": "a", "url": "https://u:pw@h:2"}"#),
        entry(r#"{"job": "a", "url": "http://h:2", "intervalSeconds": 0.5}"#),
        entry(r#"{"job": "a", "url": "http://h:2", "intervalSeconds": -1e300}"#),
        entry(r#"{"job": "a", "url": "http://h:2", "labels": {"1x": ""}}"#),
        entry(r#"{"job": "a", "url": "http://h:2", "labels": {"job": "b"}}"#),
        entry(r#"{"job": "a", "url": "http://h:2", "labels": {"__address__": "b"}}"#),
        entry(r#"{"job": "a", "url": "http://h:1/other"}"#),
        entry(r#"{"job": "a", "url": "http://h:1/other", "labels": {"page": "other"}}"#),
    ]);
    assert_eq!(targets.len(), 2);
    assert_eq!(
        errors,
        [
            "scrapeTargets[1].job: found no name, expected a name of at most 256 bytes for the label job",
            "scrapeTargets[2].url: found \"https://…@h:2\", expected an http:// URL; scraping over TLS isn't supported yet",
            "scrapeTargets[3].intervalSeconds: found 0.5, expected seconds from 1 to 3600",
            "scrapeTargets[4].intervalSeconds: found -1e300, expected seconds from 1 to 3600",
            "scrapeTargets[5].labels: found the name \"1x\", expected letters, digits and _, no digit first",
            "scrapeTargets[6].labels: found the label job, expected other labels; this one is set from the target itself",
            "scrapeTargets[7].labels: found the label __address__, expected a name that doesn't begin with __, which is \
             kept for Prometheus",
            "scrapeTargets[8]: found the labels of scrapeTargets[0]: {instance=\"h:1\", job=\"a\"}, expected another job, \
             or another label to tell them apart",
        ]
    );
}

#[test]
fn there_is_a_limit_of_targets() {
    let entries: Vec<_> =
        (0..MAX_TARGETS + 2).map(|at| entry(&format!(r#"{{"job": "j{at}", "url": "http://h"}}"#))).collect();
    let (targets, errors) = read(&entries);
    assert_eq!(targets.len(), MAX_TARGETS);
    assert_eq!(errors, ["scrapeTargets[200]: found one target more, expected at most 200 targets"]);
}

#[test]
fn debug_of_settings_shows_no_password() {
    let shown = format!("{:?}", entry(r#"{"job": "a", "url": "http://u:pw@h/m"}"#));
    assert!(shown.contains("http://…@h/m") && !shown.contains("pw"), "{shown}");
}
