//! `--protocol`: one executable asked in each version must say the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::run::{Ran, metrics_plugin, odd_plugin, run, script};

const RANGE: [&str; 4] = ["--from", "1700000000000", "--to", "1700000060000"];

fn query(plugin: &str, protocol: &str, model: &str, more: &[&str]) -> Ran {
    let args =
        [&["query", plugin, "--protocol", protocol, "-q", model, "-o", "json"], &RANGE[..], more].concat();
    run(&args)
}

/// Name and labels, then times and values.
#[derive(Debug, PartialEq)]
struct Series(String, Vec<(i64, f64)>);

/// The series of an answer, sorted; nulls are no points.
fn series(answer: &Value) -> Vec<Series> {
    let mut all = BTreeMap::new();
    for frame in answer["results"]["A"]["frames"].as_array().unwrap() {
        let fields = frame["schema"]["fields"].as_array().unwrap();
        let values = |index: usize| frame["data"]["values"][index].as_array().unwrap().iter();
        for (index, field) in fields.iter().enumerate().filter(|(_, field)| field["type"] == "number") {
            let made = &field["config"]["displayNameFromDS"];
            let name = made.as_str().or(field["name"].as_str()).unwrap();
            let points = values(0).zip(values(index));
            let points: Vec<_> =
                points.filter_map(|(time, value)| Some((time.as_i64()?, value.as_f64()?))).collect();
            let before = all.insert(format!("{name} {}", field["labels"]), points);
            assert!(before.is_none(), "{frame}");
        }
    }
    all.into_iter().map(|(name, points)| Series(name, points)).collect()
}

/// The columns of an answer's only frame.
fn columns(answer: &Value) -> Vec<(String, Value)> {
    let frame = &answer["results"]["A"]["frames"][0];
    let names = frame["schema"]["fields"].as_array().unwrap().iter();
    let names = names.map(|field| field["name"].as_str().unwrap().to_owned());
    names.zip(frame["data"]["values"].as_array().unwrap().iter().cloned()).collect()
}

#[test]
fn the_metrics_plugin_gives_the_same_series() {
    let store = tempfile::tempdir().unwrap();
    let env = format!("GF_PLUGIN_STORE_PATH={}", store.path().display());
    let ask = |protocol: &str, expr: &str, how: &Value| {
        let mut model = json!({"expr": expr, "refId": "A", "intervalMs": 15_000});
        model.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
        query(metrics_plugin(), protocol, &model.to_string(), &["--env", &env])
    };
    let two = r#"label_replace(vector(time()), "host", "a", "", "") or label_replace(vector(time() / 3), "host", "b", "", "")"#;
    for (expr, how, count) in [
        (two, json!({"range": true}), 2),
        (two, json!({"range": true, "legendFormat": "{{host}}!"}), 2),
        (two, json!({"instant": true}), 2),
        ("vector(1)", json!({"range": true}), 1),
    ] {
        let [one, other] =
            ["1", "2"].map(|protocol| series(&ask(protocol, expr, &how).expect_code(0).json()));
        assert_eq!(one.len(), count, "{how}: {one:?}");
        assert!(one.iter().all(|Series(_, points)| !points.is_empty()), "{how}: {one:?}");
        assert_eq!(one, other, "{how}");
    }
    let table = json!({"instant": true, "format": "table"});
    let [one, other] = ["1", "2"].map(|protocol| columns(&ask(protocol, two, &table).expect_code(0).json()));
    assert_eq!(one, other);
    // An error is the query's in both, with the same text.
    let [one, other] = ["1", "2"].map(|protocol| {
        let ran = ask(protocol, "rate(", &json!({"range": true})).expect_code(1);
        ran.json()["results"]["A"]["error"].clone()
    });
    assert!(one.is_string() && one == other, "{one} {other}");
}

#[test]
fn the_odd_plugin_gives_the_same_series_and_rows() {
    let both = |kind: &str| {
        ["1", "2"].map(|protocol| {
            let model = format!(r#"{{"queryType":"{kind}","own":9007199254740993.10}}"#);
            query(odd_plugin(), protocol, &model, &[]).expect_code(0).json()
        })
    };
    let [one, other] = both("series").map(|answer| series(&answer));
    assert_eq!(one, other);
    assert_eq!(one[0].0, r#"usage {"host":"a"}"#);
    assert_eq!(one[0].1, [(1_700_000_000_000, 0.5), (4_000_000_000_001, -1e300)], "the null is no point");
    for kind in ["rows", "anything"] {
        let [one, other] = both(kind).map(|answer| columns(&answer));
        assert_eq!(one, other, "{kind}");
        assert!(!one.is_empty());
    }
    let [one, _] = both("anything").map(|answer| columns(&answer));
    assert!(one[0].1[0].as_str().unwrap().contains("9007199254740993.10"), "{one:?}");
}

#[test]
fn what_a_version_lacks_and_who_lacks_a_version_is_told() {
    let seen = run(&["--json", "inspect", odd_plugin(), "--protocol", "1"]).expect_code(0).json();
    assert_eq!(seen["offered"]["protocolVersions"], json!([1]));
    assert_eq!(
        (&seen["capabilities"]["queryData"], &seen["capabilities"]["checkHealth"]),
        (&"yes".into(), &"no".into())
    );
    let health = run(&["health", odd_plugin(), "--protocol", "1"]).expect_code(1);
    assert!(health.stderr.contains("checkHealth is not implemented by this plugin"), "{health:?}");
    run(&["health", odd_plugin(), "--protocol", "2"]).expect_code(0);
    let unknown = "protocol version 9 is unknown; this build speaks [1, 2]";
    for (wanted, why) in [("9", unknown), ("two", "expected a number")] {
        let refused = run(&["query", odd_plugin(), "-q", "{}", "--protocol", wanted]).expect_code(2);
        assert!(refused.stderr.contains(why), "{refused:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (spoken, wanted) in [("2", "1"), ("1", "2")] {
        let line = format!("echo '1|{spoken}|unix|/nowhere|grpc|'; sleep 5");
        let plugin = script(folder.path(), spoken, &line);
        let refused =
            run(&["query", plugin.to_str().unwrap(), "-q", "{}", "--protocol", wanted]).expect_code(3);
        let why = format!("plugin version {spoken}, client versions [{wanted}]");
        assert!(refused.stderr.contains(&why), "{refused:?}");
    }
}
