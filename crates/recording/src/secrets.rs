//! Where secrets travel, and what is put in their place.
//!
//! Secrets are found by the field they are in, by the name they stand under (headers, metadata, `grafanaConfig`), and,
//! once known, by their value wherever it comes up again. It deliberately does not guess from a value that it might be
//! one: `jsonData`, query models and bodies are written as they are.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost_reflect::{DynamicMessage, MapKey, ReflectMessage as _, Value as Wire};
use serde_json::Value;

use crate::schema;

/// What stands in a secret's place.
pub(crate) const REDACTED: &str = "<redacted>";

/// Fields that hold nothing but a secret: a text, bytes, or a map of texts.
const FIELDS: [&str; 4] = ["decryptedSecureJsonData", "authToken", "renderKey", "decryptedValue"];
/// Packages in which a field `value` is a secret.
const VAULTS: &str = "secretsmanagerplugin.";
/// Fields that are maps from names to texts (or lists of them), some of which are secret.
const NAMED: [&str; 2] = ["headers", "grafanaConfig"];
/// Fields that may hold an object with a secret part, as JSON or as a settings message.
const OBJECTS: [&str; 3] = ["raw", "object_bytes", "old_object_bytes"];
/// Keys of such objects whose values are secret.
const SECURE_KEYS: [&str; 3] = ["secureJsonData", "decryptedSecureJsonData", "secure"];
/// What makes a name that of a secret.
const WORDS: [&str; 12] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "api-key",
    "apikey",
    "api_key",
    "client_key",
    "credential",
    "x-grafana-id",
];
/// Values shorter than this are not looked for elsewhere: too much would look like them.
const SHORTEST: usize = 8;

/// Whether what stands under this name (of a header, a metadata key, a configuration key) is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Shows every secret of a message under its name, to be replaced or left.
pub(crate) fn visit(message: &mut DynamicMessage, secret: &mut dyn FnMut(&str, &mut String)) {
    let package_is_vault = message.descriptor().full_name().starts_with(VAULTS);
    let settings = settings_kind(message);
    for (field, value) in message.fields_mut() {
        let name = field.name();
        if FIELDS.contains(&name) || (package_is_vault && name == "value") {
            visit_all(name, value, secret);
        } else if NAMED.contains(&name) {
            visit_named(value, secret);
        } else if OBJECTS.contains(&name) {
            if let Wire::Bytes(bytes) = value {
                visit_object(bytes, settings.as_deref(), secret);
            }
        } else if name == "url" {
            if let Wire::String(url) = value {
                visit_url(url, secret);
            }
        } else {
            visit_below(value, secret);
        }
    }
}

/// Admission of a data source or app carries its settings as a message; the kind says which.
fn settings_kind(message: &DynamicMessage) -> Option<String> {
    let kind = message.get_field_by_name("kind")?;
    let kind = kind.as_message()?.get_field_by_name("kind")?;
    kind.as_str().filter(|kind| kind.ends_with("InstanceSettings")).map(str::to_owned)
}

fn visit_below(value: &mut Wire, secret: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Wire::Message(message) => visit(message, secret),
        Wire::List(values) => values.iter_mut().for_each(|value| visit_below(value, secret)),
        Wire::Map(values) => values.values_mut().for_each(|value| visit_below(value, secret)),
        _ => {}
    }
}

/// Everything in a field is a secret.
fn visit_all(name: &str, value: &mut Wire, secret: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Wire::String(text) => secret(name, text),
        Wire::Bytes(bytes) => {
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            secret(name, &mut text);
            *bytes = text.into_bytes().into();
        }
        Wire::Map(values) => {
            for (key, value) in values {
                visit_all(key.as_str().unwrap_or(name), value, secret);
            }
        }
        Wire::List(values) => values.iter_mut().for_each(|value| visit_all(name, value, secret)),
        Wire::Message(message) => message.fields_mut().for_each(|(_, value)| visit_all(name, value, secret)),
        _ => {}
    }
}

fn visit_named(value: &mut Wire, secret: &mut dyn FnMut(&str, &mut String)) {
    let Wire::Map(values) = value else { return };
    for (key, value) in values {
        if let Some(name) = MapKey::as_str(key).filter(|name| is_secret_name(name)) {
            visit_all(name, value, secret);
        }
    }
}

fn visit_object(bytes: &mut Bytes, settings: Option<&str>, secret: &mut dyn FnMut(&str, &mut String)) {
    if let Some(kind) = settings {
        let descriptor = schema::pool().get_message_by_name(&format!("pluginv2.{kind}"));
        if let Some(mut message) = descriptor.and_then(|descriptor| schema::decode(&descriptor, bytes)) {
            visit(&mut message, secret);
            *bytes = prost_reflect::prost::Message::encode_to_vec(&message).into();
        }
        return;
    }
    if !SECURE_KEYS.iter().any(|key| memchr::memmem::find(bytes, key.as_bytes()).is_some()) {
        return;
    }
    let Ok(mut object) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut changed = false;
    visit_json(&mut object, false, "", &mut |name, text| {
        let before = text.clone();
        secret(name, text);
        changed |= *text != before;
    });
    if changed {
        *bytes = object.to_string().into_bytes().into();
    }
}

fn visit_json(value: &mut Value, secure: bool, name: &str, secret: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Value::String(text) if secure => secret(name, text),
        Value::Array(values) => values.iter_mut().for_each(|value| visit_json(value, secure, name, secret)),
        Value::Object(values) => {
            for (key, value) in values {
                visit_json(value, secure || SECURE_KEYS.contains(&key.as_str()), key, secret);
            }
        }
        _ => {}
    }
}

/// The password in `scheme://user:password@host`.
fn visit_url(url: &mut String, secret: &mut dyn FnMut(&str, &mut String)) {
    let Some((scheme, rest)) = url.split_once("://") else { return };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _host)) = authority.rsplit_once('@') else { return };
    let Some((name, password)) = user.split_once(':') else { return };
    let mut changed = password.to_owned();
    secret("url", &mut changed);
    let after = rest.get(user.len()..).unwrap_or_default();
    *url = format!("{scheme}://{name}:{changed}{after}");
}

/// Puts marks in the place of secrets, and remembers their values to find them again.
#[derive(Default)]
pub(crate) struct Redactor {
    known: BTreeSet<Vec<u8>>,
}

impl Redactor {
    /// Remembers a secret's value.
    pub(crate) fn learn(&mut self, value: &str) {
        if value.len() >= SHORTEST && value != REDACTED {
            self.known.insert(value.as_bytes().to_vec());
        }
    }

    /// Redacts a message, and gives the names that its secrets stood under.
    pub(crate) fn redact(&mut self, message: &mut DynamicMessage) -> Vec<String> {
        let mut names = Vec::new();
        visit(message, &mut |name, text| {
            if text.is_empty() {
                return;
            }
            self.learn(text);
            names.push(name.to_owned());
            REDACTED.clone_into(text);
        });
        names
    }

    /// Overwrites known secrets in bytes of any kind with stars, so that every length stays.
    pub(crate) fn scrub(&self, bytes: Bytes) -> Bytes {
        let mut found = Vec::new();
        for secret in &self.known {
            found.extend(memchr::memmem::find_iter(&bytes, secret).map(|at| at..at + secret.len()));
        }
        if found.is_empty() {
            return bytes;
        }
        let mut bytes = Vec::from(bytes);
        for range in found {
            if let Some(secret) = bytes.get_mut(range) {
                secret.fill(b'*');
            }
        }
        bytes.into()
    }

    /// The same for a text.
    pub(crate) fn scrub_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.scrub(Bytes::copy_from_slice(text.as_bytes()))).into_owned()
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("known", &self.known.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::DynamicMessage;
    use prost_reflect::prost::Message as _;
    use serde_json::json;

    use super::{Redactor, is_secret_name};
    use crate::{readable, schema};

    fn message(name: &str, value: serde_json::Value) -> DynamicMessage {
        let descriptor = schema::pool().get_message_by_name(name).unwrap();
        DynamicMessage::deserialize(descriptor, value).unwrap()
    }

    #[test]
    fn names_of_secrets() {
        for name in
            ["Authorization", "http_X-Grafana-Id", "cookie", "X-ID-Token", "GF_PLUGIN_APP_CLIENT_SECRET"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["http_X-Panel-Id", "user-agent", "GF_APP_URL", "traceparent"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn no_secret_of_a_request_is_left() {
        let mut request = message(
            "pluginv2.CallResourceRequest",
            json!({
                "pluginContext": {
                    "dataSourceInstanceSettings": {
                        "url": "http://me:s3cret-in-url@host/x",
                        "decryptedSecureJsonData": {"apiKey": "s3cret-key"},
                    },
                    "grafanaConfig": {"GF_PLUGIN_APP_CLIENT_SECRET": "s3cret-app", "GF_APP_URL": "http://g"},
                },
                "headers": {"Cookie": {"values": ["s3cret-cookie"]}, "Accept": {"values": ["*/*"]}},
            }),
        );
        let mut redactor = Redactor::default();
        let mut names = redactor.redact(&mut request);
        names.sort();
        assert_eq!(names, ["Cookie", "GF_PLUGIN_APP_CLIENT_SECRET", "apiKey", "url"]);
        let shown = readable::of_message(&request).to_string();
        assert!(
            !shown.contains("s3cret")
                && shown.contains("*/*")
                && shown.contains("http://me:<redacted>@host/x")
        );
        let echoed = redactor.scrub("the key is s3cret-key.".into());
        assert_eq!(echoed, "the key is **********.".as_bytes());
    }

    #[test]
    fn settings_in_an_object_are_redacted_in_both_forms() {
        let settings = message(
            "pluginv2.DataSourceInstanceSettings",
            json!({"name": "n", "decryptedSecureJsonData": {"password": "s3cret-word"}}),
        );
        let mut request =
            message("pluginv2.AdmissionRequest", json!({"kind": {"kind": "DataSourceInstanceSettings"}}));
        request
            .set_field_by_name("object_bytes", prost_reflect::Value::Bytes(settings.encode_to_vec().into()));
        assert_eq!(Redactor::default().redact(&mut request), ["password"]);
        assert!(!String::from_utf8_lossy(&request.encode_to_vec()).contains("s3cret"));

        let object = br#"{"spec":{"n":1},"secure":{"token":{"create":"s3cret-token"}}}"#;
        let mut request = message("pluginv2.AdmissionRequest", json!({"kind": {"kind": "Thing"}}));
        request.set_field_by_name("object_bytes", prost_reflect::Value::Bytes(object.as_slice().into()));
        assert_eq!(Redactor::default().redact(&mut request), ["create"]);
        assert!(!String::from_utf8_lossy(&request.encode_to_vec()).contains("s3cret"));
    }
}
