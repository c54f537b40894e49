//! Requests: what a host of version 1 says is what one of version 2 would have said, and the way back.

use graftwire_model as model;
use graftwire_protocol::v1::{from_wire, generated as wire, to_wire};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// As Grafana 7.5.5 sends it.
fn grafana_7() -> wire::DatasourceRequest {
    wire::DatasourceRequest {
        time_range: Some(wire::TimeRange {
            from_raw: "now-1h".to_owned(),
            to_raw: "now".to_owned(),
            from_epoch_ms: 1_795_409_045_000,
            to_epoch_ms: 1_795_412_645_000,
        }),
        datasource: Some(wire::DatasourceInfo {
            id: 3,
            org_id: 1,
            name: "V1".to_owned(),
            r#type: "example-v1-datasource".to_owned(),
            url: "http://127.0.0.1:9".to_owned(),
            json_data: "{\"p\":\"q\"}".to_owned(),
            decrypted_secure_json_data: [("apiKey".to_owned(), "s3cret".to_owned())].into(),
        }),
        queries: vec![query(
            "A",
            r#"{"datasourceId":3,"intervalMs":1000,"queryType":"qt","big":9007199254740993.10}"#,
        )],
    }
}

fn query(ref_id: &str, model_json: &str) -> wire::Query {
    wire::Query {
        ref_id: ref_id.to_owned(),
        max_data_points: 500,
        interval_ms: 1000,
        model_json: model_json.to_owned(),
    }
}

#[test]
fn a_request_of_grafana_7_is_one_of_a_later_host() {
    let asked = from_wire::query_request(grafana_7());
    assert!(asked.refused.is_empty());
    let context = &asked.request.context;
    assert_eq!((context.org_id, context.plugin_id.as_str()), (1, "example-v1-datasource"));
    let settings = context.data_source.as_ref().unwrap();
    assert_eq!((settings.id, settings.name.as_str(), settings.uid.as_str()), (3, "V1", ""));
    assert_eq!(
        (settings.url.as_str(), settings.json_data.as_ref()),
        ("http://127.0.0.1:9", &br#"{"p":"q"}"#[..])
    );
    assert_eq!(settings.secrets.get("apiKey"), Some("s3cret"));
    let query = &asked.request.queries[0];
    assert_eq!((query.ref_id.as_str(), query.query_type.as_str()), ("A", "qt"));
    assert_eq!((query.max_data_points, query.interval), (500, model::Millis(1000)));
    assert_eq!((query.time_range.from.0, query.time_range.to.0), (1_795_409_045_000, 1_795_412_645_000));
    // What is there stays to the digit, what lacks goes in front.
    assert_eq!(
        std::str::from_utf8(&query.json).unwrap(),
        r#"{"refId":"A","maxDataPoints":500,"datasource":{"type":"example-v1-datasource"},"datasourceId":3,"intervalMs":1000,"queryType":"qt","big":9007199254740993.10}"#
    );
}

#[test]
fn bad_models_are_the_errors_of_their_queries() {
    let mut request = grafana_7();
    request.queries = vec![
        query("A", "{"),
        query("B", "{}"),
        query("C", "[1]"),
        query("D", ""),
        query("E", "s3cret"),
        query("F", "{}"),
        query("F", "null"),
        query("G", "null"),
        query("G", "{\"last\":1}"),
    ];
    let asked = from_wire::query_request(request);
    let answered: Vec<_> = asked.request.queries.iter().map(|query| query.ref_id.as_str()).collect();
    assert_eq!(answered, ["B", "D", "G"]);
    assert!(asked.request.queries[2].json.ends_with(b"\"last\":1}"));
    let refused: Vec<_> = asked.refused.iter().map(|(ref_id, answer)| (ref_id.as_str(), answer)).collect();
    let text = |at: usize| refused[at].1.error.as_str();
    assert_eq!(refused.iter().map(|(ref_id, _)| *ref_id).collect::<Vec<_>>(), ["A", "C", "E", "F"]);
    assert!(text(0).starts_with("modelJson of query \"A\": found no JSON ("), "{}", text(0));
    assert_eq!(text(1), "modelJson of query \"C\": found a list, expected a JSON object");
    assert!(!text(2).contains("s3cret"), "{}", text(2));
    assert_eq!(text(3), "modelJson of query \"F\": found null, expected a JSON object");
    for (_, answer) in refused {
        assert_eq!((answer.status, answer.error_source), (400, Some(model::ErrorSource::Downstream)));
    }
}

#[test]
fn absent_messages_are_empty_ones() {
    let request = wire::DatasourceRequest { queries: vec![wire::Query::default()], ..Default::default() };
    let asked = from_wire::query_request(request);
    assert_eq!(asked.request.context, model::PluginContext::default());
    let query = &asked.request.queries[0];
    assert_eq!((query.time_range, query.ref_id.as_str()), (model::TimeRange::default(), ""));
    assert_eq!(query.json.as_ref(), br#"{"refId":"","intervalMs":0,"maxDataPoints":0}"#);
    assert!(from_wire::query_request(wire::DatasourceRequest::default()).request.queries.is_empty());
}

#[test]
fn other_settings_have_another_mark() {
    let mark = |change: fn(&mut wire::DatasourceInfo)| {
        let mut request = grafana_7();
        change(request.datasource.as_mut().unwrap());
        from_wire::query_request(request).request.context.data_source.unwrap().updated
    };
    let same = mark(|_| {});
    assert_eq!(mark(|_| {}), same);
    let changes: [fn(&mut wire::DatasourceInfo); 4] = [
        |info| info.url.push('x'),
        |info| info.json_data.push(' '),
        |info| info.name.clear(),
        |info| drop(info.decrypted_secure_json_data.insert("apiKey".to_owned(), "other".to_owned())),
    ];
    for change in changes {
        assert_ne!(mark(change), same);
    }
}

#[test]
fn secrets_never_show_in_debug() {
    let shown = format!("{:?}", grafana_7());
    assert!(shown.contains("V1") && !shown.contains("s3cret"), "{shown}");
    let page = wire::RenderRequest { render_key: "s3cret".to_owned(), ..Default::default() };
    assert!(!format!("{page:?}").contains("s3cret"));
}

#[test]
fn a_host_asks_once_per_time_range() {
    let at = |ref_id: &str, from: i64, json: &'static str| model::Query {
        ref_id: ref_id.to_owned(),
        query_type: "qt".to_owned(),
        time_range: model::TimeRange { from: model::EpochMillis(from), to: model::EpochMillis(from + 1) },
        json: json.into(),
        ..model::Query::default()
    };
    let mut broken = at("X", 1, "");
    broken.json = vec![b'{', 0xff].into();
    let queries = vec![at("A", 1, "{\"queryType\":\"own\"}"), at("B", 5, ""), broken, at("C", 1, "[text")];
    let asking = to_wire::query_requests(model::QueryRequest { queries, ..Default::default() });
    let asked: Vec<Vec<_>> = asking
        .requests
        .iter()
        .map(|request| {
            request.queries.iter().map(|query| (query.ref_id.as_str(), query.model_json.as_str())).collect()
        })
        .collect();
    assert_eq!(
        asked,
        [
            vec![
                ("A", r#"{"refId":"A","intervalMs":0,"maxDataPoints":0,"queryType":"own"}"#),
                // No object: the plugin may know what it is.
                ("C", "[text"),
            ],
            vec![("B", r#"{"refId":"B","intervalMs":0,"maxDataPoints":0,"queryType":"qt"}"#)],
        ]
    );
    let range = asking.requests[1].time_range.clone().unwrap();
    assert_eq!((range.from_raw.as_str(), range.from_epoch_ms, range.to_epoch_ms), ("5", 5, 6));
    assert!(asking.refused["X"].error.contains("UTF-8"), "{:?}", asking.refused);
    // Without a query there is still a question: hosts find out so whether there is a handler.
    assert_eq!(to_wire::query_requests(model::QueryRequest::default()).requests.len(), 1);
}

fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

prop_compose! {
    fn request()(
        texts in [text(), text(), text(), text(), text()], id in any::<i64>(), org_id in any::<i64>(),
        secrets in btree_map(text(), text(), 0..3), range in any::<(i64, i64)>(),
        queries in btree_map(text(), (any::<i64>(), any::<i64>(), btree_map(text(), any::<i64>(), 0..3)), 1..4),
    ) -> wire::DatasourceRequest {
        let [name, kind, url, json_data, _] = texts;
        wire::DatasourceRequest {
            time_range: Some(wire::TimeRange {
                from_raw: range.0.to_string(), to_raw: range.1.to_string(), from_epoch_ms: range.0, to_epoch_ms: range.1,
            }),
            datasource: Some(wire::DatasourceInfo {
                id, org_id, name, r#type: kind, url, json_data, decrypted_secure_json_data: secrets,
            }),
            queries: queries.into_iter().map(|(ref_id, (max_data_points, interval_ms, model))| wire::Query {
                ref_id, max_data_points, interval_ms, model_json: serde_json::to_string(&model).unwrap(),
            }).collect(),
        }
    }
}

proptest! {
    #[test]
    fn requests_survive(request in request()) {
        let asked = from_wire::query_request(request.clone());
        prop_assert!(asked.refused.is_empty());
        let mut back = to_wire::query_requests(asked.request).requests.remove(0);
        for (query, sent) in back.queries.iter_mut().zip(&request.queries) {
            // Keys were added to the model, none was changed.
            let sent: serde_json::Map<_, _> = serde_json::from_str(&sent.model_json).unwrap();
            let got: serde_json::Map<_, _> = serde_json::from_str(&query.model_json).unwrap();
            prop_assert!(sent.iter().all(|(key, value)| got.get(key) == Some(value)), "{sent:?} {got:?}");
            query.model_json = serde_json::to_string(&sent.into_iter().collect::<std::collections::BTreeMap<_, _>>()).unwrap();
        }
        prop_assert_eq!(back, request);
    }

    #[test]
    fn any_text_is_a_query_or_its_error(texts in vec(text(), 0..8)) {
        let queries = texts.iter().enumerate().map(|(at, text)| query(&at.to_string(), text)).collect();
        let asked = from_wire::query_request(wire::DatasourceRequest { queries, ..Default::default() });
        prop_assert_eq!(asked.request.queries.len() + asked.refused.len(), texts.len());
        for query in &asked.request.queries {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&query.json).unwrap().is_object());
        }
    }

    #[test]
    fn pages_survive(texts in [text(), text(), text(), text(), text(), text()], size in any::<(i32, i32)>(), timeout in any::<i32>(), debug in any::<bool>()) {
        let [url, timezone, encoding, file_path, render_key, domain] = texts;
        let page = wire::RenderRequest {
            url, width: size.0, height: size.1, timeout, timezone, encoding, file_path, render_key, domain, debug,
        };
        prop_assert_eq!(to_wire::render_request(from_wire::render_request(page.clone())), page);
    }
}
