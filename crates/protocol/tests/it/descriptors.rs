//! Our descriptors against those compiled into Grafana's Go SDK, go-plugin and grpc-go.
//!
//! `ci/interop/cmd/descriptors` writes the Go ones; both sides become sorted lines of facts (this field has that number,
//! type, label) and the lines are compared. Options, comments, JSON names and file layout are not: they are not on the
//! wire.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    ServiceDescriptorProto,
};

const OURS: &[u8] = include_bytes!("../../src/descriptors.bin");

/// Packages that both sides must have.
const PACKAGES: [&str; 3] = ["pluginv2", "plugin", "grpc.health.v1"];

/// Facts of the Go libraries that we leave out, with the reason.
const LEFT_OUT: [(&str, &str); 2] = [
    ("grpc.health.v1.HealthList", "messages of Health.List, which no host of plugins calls"),
    ("grpc.health.v1.Health.List", "no host of plugins calls it"),
];

#[test]
fn our_descriptors_are_those_of_the_go_libraries() {
    let Some(raw) = go_descriptors() else { return };
    let theirs = facts(&FileDescriptorSet::decode(raw.as_slice()).unwrap());
    let ours = facts(&FileDescriptorSet::decode(OURS).unwrap());
    for package in PACKAGES {
        let prefix = format!("{package}.");
        assert!(theirs.iter().any(|fact| fact.starts_with(&prefix)), "Go has no package {package}");
    }
    let missing: Vec<_> = theirs.difference(&ours).filter(|fact| !is_left_out(fact)).collect();
    let surplus: Vec<_> = ours.difference(&theirs).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "Go has, we don't:\n{missing:#?}\nwe have, Go doesn't:\n{surplus:#?}"
    );
    for (name, reason) in LEFT_OUT {
        assert!(
            theirs.difference(&ours).any(|fact| fact.starts_with(name)),
            "{name} need no longer be left out ({reason})"
        );
    }
}

#[test]
fn a_wrong_number_type_or_direction_shows() {
    let set = FileDescriptorSet::decode(OURS).unwrap();
    let honest = facts(&set);
    let spoilt: [fn(&mut FileDescriptorProto); 5] = [
        |file| file.message_type[0].field[0].number = Some(99),
        |file| file.message_type[0].field[0].name = Some("other".into()),
        |file| file.message_type[0].field[0].set_type(Type::Fixed64),
        |file| file.service[0].method[0].server_streaming = Some(false),
        |file| file.enum_type[0].value[0].number = Some(7),
    ];
    for spoil in spoilt {
        let mut changed = set.clone();
        let file = changed.file.iter_mut().find(|file| file.package() == "pluginv2").unwrap();
        spoil(file);
        assert_ne!(facts(&changed), honest);
    }
}

fn is_left_out(fact: &str) -> bool {
    LEFT_OUT.iter().any(|(name, _)| fact.starts_with(name))
}

/// One line per message, field, enum value, service and method of [`PACKAGES`].
fn facts(set: &FileDescriptorSet) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for file in &set.file {
        let package = file.package();
        if !PACKAGES.contains(&package) {
            continue;
        }
        facts.insert(format!("{package}. syntax {}", file.syntax()));
        for message in &file.message_type {
            message_facts(package, message, &mut facts);
        }
        for an_enum in &file.enum_type {
            enum_facts(package, an_enum, &mut facts);
        }
        for service in &file.service {
            service_facts(package, service, &mut facts);
        }
    }
    facts
}

fn message_facts(scope: &str, message: &DescriptorProto, facts: &mut BTreeSet<String>) {
    let name = format!("{scope}.{}", message.name());
    let map = message.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry);
    facts.insert(format!("{name} message map={map}"));
    for field in &message.field {
        facts.insert(field_fact(&name, message, field));
    }
    for nested in &message.nested_type {
        message_facts(&name, nested, facts);
    }
    for an_enum in &message.enum_type {
        enum_facts(&name, an_enum, facts);
    }
}

fn field_fact(scope: &str, message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let kind = if field.type_name().is_empty() {
        Type::try_from(field.r#type() as i32).map_or("?", |kind| kind.as_str_name())
    } else {
        field.type_name()
    };
    let label = Label::try_from(field.label() as i32).map_or("?", |label| label.as_str_name());
    let oneof = field
        .oneof_index
        .and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?))
        .map_or("", |oneof| oneof.name());
    let packed = field.options.as_ref().and_then(|options| options.packed);
    format!(
        "{scope}.{} field {} {kind} {label} oneof={oneof:?} optional={} packed={packed:?}",
        field.name(),
        field.number(),
        field.proto3_optional(),
    )
}

fn enum_facts(scope: &str, an_enum: &EnumDescriptorProto, facts: &mut BTreeSet<String>) {
    let name = format!("{scope}.{}", an_enum.name());
    facts.insert(format!("{name} enum"));
    for value in &an_enum.value {
        facts.insert(format!("{name}.{} value {}", value.name(), value.number()));
    }
}

fn service_facts(scope: &str, service: &ServiceDescriptorProto, facts: &mut BTreeSet<String>) {
    let name = format!("{scope}.{}", service.name());
    facts.insert(format!("{name} service"));
    for method in &service.method {
        facts.insert(format!(
            "{name}.{} method {} (stream={}) -> {} (stream={})",
            method.name(),
            method.input_type(),
            method.client_streaming(),
            method.output_type(),
            method.server_streaming(),
        ));
    }
}

/// Builds and runs the Go program. Without Go there is nothing to compare with, which is an error on CI only.
fn go_descriptors() -> Option<Vec<u8>> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ci/interop");
    if Command::new("go").arg("version").output().is_err() {
        assert!(
            std::env::var_os("CI").is_none_or(|value| value != "true"),
            "Go is not installed, and CI=true"
        );
        // not println!: the test harness would keep it to itself
        let _ = writeln!(std::io::stderr(), "NOT RUN: descriptors against Go: Go is not installed");
        return None;
    }
    let executable = built_programs().join(format!("descriptors{}", std::env::consts::EXE_SUFFIX));
    let built = Command::new("go")
        .args(["build", "-buildvcs=false", "-trimpath", "-o"])
        .arg(&executable)
        .arg("./cmd/descriptors")
        .current_dir(programs)
        .output()
        .unwrap();
    assert!(built.status.success(), "go build: {}", String::from_utf8_lossy(&built.stderr));
    let written = Command::new(executable).output().unwrap();
    assert!(written.status.success(), "descriptors: {}", String::from_utf8_lossy(&written.stderr));
    Some(written.stdout)
}

/// `interop/` in the target folder: Go's own cache decides what is built again.
fn built_programs() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("interop")
}
