use super::*;

#[test]
fn forms_are_decoded_and_bad_escapes_kept() {
    let pairs = pairs_of(b"match%5B%5D=node_load1%7Bcpu%3D%220%22%7D&start=1.5&a+b=%zz%&c");
    let expected = [("match[]", "node_load1{cpu=\"0\"}"), ("start", "1.5"), ("a b", "%zz%"), ("c", "")];
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(pairs, expected);
}

#[test]
fn times_are_seconds_or_rfc_3339() {
    assert_eq!(millis_of("1700000000.123"), Some(1_700_000_000_123));
    assert_eq!(millis_of("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
    assert_eq!(millis_of("2023-11-14T22:13:20.5+01:00"), Some(1_699_996_400_500));
    for junk in ["", "now", "NaN", "inf", "2023-11-14"] {
        assert_eq!(millis_of(junk), None, "{junk}");
    }
}

fn ask(store: &Store, url: &str) -> (u16, serde_json::Value) {
    let (path, _) = url.split_once('?').unwrap_or((url, ""));
    let request =
        ResourceRequest { path: path.to_owned(), url: url.to_owned(), ..ResourceRequest::default() };
    let response = answer(store, &request).unwrap();
    let graftwire_sdk::ResourceBody::Full(body) = response.body else { panic!("one piece") };
    (response.status, serde_json::from_slice(&body).unwrap())
}

fn store() -> (tempfile::TempDir, Arc<Store>) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), crate::store::StoreOptions::default()).unwrap();
    for (name, cpu) in [("node_load1", ""), ("node_cpu_seconds_total", "0"), ("node_cpu_seconds_total", "1")]
    {
        let pairs = [("__name__", name), ("cpu", cpu)];
        let labels = Labels::new(pairs.map(|(key, value)| (Arc::from(key), Arc::from(value))));
        let id = store.resolve(&labels).unwrap();
        store.append(1_000_000, &[(id, 1.0)]);
    }
    (dir, store)
}

#[test]
fn the_part_of_prometheus_api_that_editors_use_answers() {
    let (_dir, store) = store();
    let (status, labels) = ask(&store, "api/v1/labels");
    assert_eq!((status, &labels["data"]), (200, &serde_json::json!(["__name__", "cpu"])));
    let (_, values) =
        ask(&store, "api/v1/label/cpu/values?match%5B%5D=node_cpu_seconds_total%7Bcpu%21%3D%220%22%7D");
    assert_eq!(values["data"], serde_json::json!(["1"]));
    let (_, names) = ask(&store, "api/v1/label/__name__/values?limit=1");
    assert_eq!(names["data"], serde_json::json!(["node_cpu_seconds_total"]));
    assert_eq!(names["warnings"], serde_json::json!(["results truncated at 1 by the limit"]));
    let (_, series) = ask(&store, "api/v1/series?match[]=node_load1&match[]=node_load1");
    assert_eq!(series["data"], serde_json::json!([{"__name__": "node_load1"}]));
    let (_, none) = ask(&store, "api/v1/labels?start=5000&end=6000");
    assert_eq!(none["data"], serde_json::json!([]));
}

#[test]
fn what_cannot_be_answered_says_why() {
    let (_dir, store) = store();
    for (url, status, wanted) in [
        ("api/v1/series", 400, "no match[] parameter provided"),
        ("api/v1/labels?match[]=a%20b", 400, "match[] \"a b\": line 1, column 3"),
        ("api/v1/labels?match[]=rate(x[1m])", 400, "expected a series selector"),
        ("api/v1/labels?start=soon", 400, "start is \"soon\", expected seconds"),
        ("api/v1/labels?limit=-1", 400, "limit is \"-1\", expected a whole number"),
        ("api/v1/nothing/../x", 404, "no resource \"api/v1/nothing/../x\""),
    ] {
        let (found, body) = ask(&store, url);
        assert_eq!((found, &body["status"]), (status, &serde_json::json!("error")), "{url}");
        assert!(body["error"].as_str().unwrap().contains(wanted), "{url}: {body}");
    }
}
