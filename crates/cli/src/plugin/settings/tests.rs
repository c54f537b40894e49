//! Settings files: the two forms, and what must not be told.

use super::{Instance, parse, read_secrets};

#[test]
fn an_object_without_json_data_is_the_json_data() {
    let instance = parse(br#" {"path":"/var/lib/x","url":"kept inside"} "#).unwrap();
    assert_eq!(&instance.json_data[..], br#"{"path":"/var/lib/x","url":"kept inside"}"#);
    assert_eq!(Instance { json_data: bytes::Bytes::new(), ..instance }, Instance::default());
}

#[test]
fn a_data_source_in_grafanas_words_is_taken_apart() {
    let json = br#"{"uid":"u1","name":"Prod","type":"ignored","access":"proxy","url":"http://h","user":"me",
        "database":"db","basicAuth":true,"basicAuthUser":"b","jsonData":{"a": 1},"secureJsonData":{"k":"s"}}"#;
    let instance = parse(json).unwrap();
    assert_eq!((instance.uid.as_str(), instance.url.as_str()), ("u1", "http://h"));
    assert_eq!((instance.basic_auth, &instance.json_data[..]), (true, &br#"{"a": 1}"#[..]));
    assert_eq!(instance.secrets.get("k"), Some("s"));
}

#[test]
fn other_json_is_refused() {
    for json in ["[]", "1", "", "{\"jsonData\":5}", "{\"jsonData\":{},\"url\":5}"] {
        assert!(parse(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn a_secret_in_a_broken_file_stays_untold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secure.json");
    std::fs::write(&path, r#"{"password": 123456789, "token": hunter2}"#).unwrap();
    let text = format!("{:#}", read_secrets(&path).unwrap_err());
    assert!(text.contains("line 1"), "{text}");
    assert!(!text.contains("123456789") && !text.contains("hunter2"), "{text}");
}
