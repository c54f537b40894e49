//! The tables of `docs/protocol.md`, from the text in `proto/` and its comments.
//!
//! The page holds two places for each package, between `<!-- methods of PACKAGE -->` or `<!-- messages of PACKAGE -->` and
//! `<!-- end -->`; a package without them is an error. It deliberately writes nothing outside of them: the prose is people's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

const END: &str = "<!-- end -->";

/// Numbers in descriptors' paths: what of a file or message is meant.
mod part {
    pub(super) const MESSAGE: i32 = 4;
    pub(super) const ENUM: i32 = 5;
    pub(super) const SERVICE: i32 = 6;
    pub(super) const METHOD: i32 = 2;
    pub(super) const FIELD: i32 = 2;
    pub(super) const NESTED: i32 = 3;
    pub(super) const NESTED_ENUM: i32 = 4;
    pub(super) const VALUE: i32 = 2;
}

/// The page with the tables of these files.
pub(crate) fn fill<'a>(page: &str, files: impl Iterator<Item = &'a FileDescriptorProto>) -> Result<String> {
    let mut page = page.to_owned();
    for file in files {
        let text = Text::of(file);
        for (what, table) in [("methods", text.methods()), ("messages", text.messages())] {
            let place = format!("<!-- {what} of {} -->", file.package());
            page = between(&page, &place, &table)
                .with_context(|| format!("docs/protocol.md: no place {place} … {END}"))?;
        }
    }
    Ok(page)
}

fn between(page: &str, place: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(place)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{place}\n\n{}\n\n{END}{after}", table.trim()))
}

/// One file with its comments by path.
struct Text<'a> {
    file: &'a FileDescriptorProto,
    comments: BTreeMap<&'a [i32], String>,
}

impl<'a> Text<'a> {
    fn of(file: &'a FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let comments = locations
            .map(|location| {
                let parts = [location.leading_comments(), location.trailing_comments()];
                let words: Vec<&str> = parts.iter().flat_map(|part| part.split_whitespace()).collect();
                (location.path.as_slice(), words.join(" "))
            })
            .filter(|(_, text)| !text.is_empty())
            .collect();
        Self { file, comments }
    }

    fn comment(&self, path: &[i32]) -> String {
        self.comments.get(path).cloned().unwrap_or_default()
    }

    fn methods(&self) -> String {
        let mut text = "| method | kind | request → answer | meaning |\n|---|---|---|---|\n".to_owned();
        for (index, service) in self.file.service.iter().enumerate() {
            let path = [part::SERVICE, number(index)];
            let about = self.comment(&path);
            for (index, method) in service.method.iter().enumerate() {
                let own = self.comment(&[path[0], path[1], part::METHOD, number(index)]);
                let kind = match (method.client_streaming(), method.server_streaming()) {
                    (false, false) => "one to one",
                    (false, true) => "one to many",
                    (true, false) => "many to one",
                    (true, true) => "many to many",
                };
                let meaning = if own.is_empty() { &about } else { &own };
                let _ = writeln!(
                    text,
                    "| `/{}.{}/{}` | {kind} | {} → {} | {} |",
                    self.file.package(),
                    service.name(),
                    method.name(),
                    self.short(method.input_type()),
                    self.short(method.output_type()),
                    cell(meaning)
                );
            }
        }
        text
    }

    fn messages(&self) -> String {
        let mut text = String::new();
        for (index, message) in self.file.message_type.iter().enumerate() {
            self.message(&mut text, message, "", &[part::MESSAGE, number(index)]);
        }
        for (index, one) in self.file.enum_type.iter().enumerate() {
            self.enumeration(&mut text, one, "", &[part::ENUM, number(index)]);
        }
        text
    }

    fn message(&self, text: &mut String, message: &DescriptorProto, outer: &str, path: &[i32]) {
        let name = format!("{outer}{}", message.name());
        self.title(text, &name, path);
        if message.field.is_empty() {
            text.push_str("No fields.\n\n");
        } else {
            text.push_str("| no | field | type | meaning |\n|---:|---|---|---|\n");
        }
        for (index, field) in message.field.iter().enumerate() {
            let about = self.comment(&below(path, part::FIELD, index));
            let kind = self.kind(field, message);
            let _ = writeln!(text, "| {} | `{}` | {kind} | {} |", field.number(), field.name(), cell(&about));
        }
        text.push('\n');
        for (index, one) in message.enum_type.iter().enumerate() {
            self.enumeration(text, one, &format!("{name}."), &below(path, part::NESTED_ENUM, index));
        }
        for (index, nested) in message.nested_type.iter().enumerate() {
            if !is_entry(nested) {
                self.message(text, nested, &format!("{name}."), &below(path, part::NESTED, index));
            }
        }
    }

    fn enumeration(&self, text: &mut String, one: &EnumDescriptorProto, outer: &str, path: &[i32]) {
        self.title(text, &format!("{outer}{}", one.name()), path);
        text.push_str("| no | value | meaning |\n|---:|---|---|\n");
        for (index, value) in one.value.iter().enumerate() {
            let about = self.comment(&below(path, part::VALUE, index));
            let _ = writeln!(text, "| {} | `{}` | {} |", value.number(), value.name(), cell(&about));
        }
        text.push('\n');
    }

    fn title(&self, text: &mut String, name: &str, path: &[i32]) {
        let about = self.comment(path);
        let about = if about.is_empty() { String::new() } else { format!(" · {}", cell(&about)) };
        let _ = writeln!(text, "**{name}**{about}\n");
    }

    fn kind(&self, field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
        let entry = message
            .nested_type
            .iter()
            .find(|nested| is_entry(nested) && field.type_name().ends_with(&format!(".{}", nested.name())));
        if let Some([key, value]) = entry.map(|entry| entry.field.as_slice()) {
            return format!("map of {} to {}", self.bare(key), self.bare(value));
        }
        let bare = self.bare(field);
        match field.label() {
            Label::Repeated => format!("list of {bare}"),
            _ if field.proto3_optional() => format!("optional {bare}"),
            _ => bare,
        }
    }

    fn bare(&self, field: &FieldDescriptorProto) -> String {
        match field.r#type() {
            Type::Message | Type::Enum => self.short(field.type_name()),
            other => other.as_str_name().trim_start_matches("TYPE_").to_ascii_lowercase(),
        }
    }

    /// A type's name within its package; with the package if it is another's.
    fn short(&self, name: &str) -> String {
        let name = name.trim_start_matches('.');
        let own = name.strip_prefix(self.file.package()).and_then(|name| name.strip_prefix('.'));
        own.unwrap_or(name).to_owned()
    }
}

fn is_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry)
}

fn below(path: &[i32], part: i32, index: usize) -> Vec<i32> {
    path.iter().copied().chain([part, number(index)]).collect()
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::fill;

    const TEXT: &str = r#"
        syntax = "proto3";
        package p.q;
        // Asks.
        service S { rpc Get(A) returns (stream A); }
        // About a | b.
        message A {
          string name = 1; // who
          map<string, B> all = 2;
          message B { repeated bytes x = 7; }
          enum E { ZERO = 0; }
          optional E e = 3;
        }
    "#;

    fn file() -> prost_types::FileDescriptorProto {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.proto"), TEXT).unwrap();
        protox::compile(["x.proto"], [folder.path()]).unwrap().file.remove(0)
    }

    #[test]
    fn tables_stand_in_their_places_and_nothing_else_changes() {
        let page = "before\n<!-- methods of p.q -->old<!-- end -->\nmiddle\n<!-- messages of p.q --><!-- end -->after";
        let filled = fill(page, [&file()].into_iter()).unwrap();
        for part in [
            "before\n<!-- methods of p.q -->\n\n| method |",
            "| `/p.q.S/Get` | one to many | A → A | Asks. |",
            "<!-- end -->\nmiddle\n",
            "**A** · About a \\| b.",
            "| 1 | `name` | string | who |",
            "| 2 | `all` | map of string to A.B |  |",
            "| 3 | `e` | optional A.E |  |",
            "**A.B**\n\n| no | field | type | meaning |\n|---:|---|---|---|\n| 7 | `x` | list of bytes |  |",
            "<!-- end -->after",
        ] {
            assert!(filled.contains(part), "{part}\n---\n{filled}");
        }
        assert_eq!(fill(&filled, [&file()].into_iter()).unwrap(), filled);
        assert!(!filled.contains("old"));
    }

    #[test]
    fn a_package_without_a_place_is_an_error() {
        let error = fill("nothing", [&file()].into_iter()).unwrap_err().to_string();
        assert!(error.contains("<!-- methods of p.q -->"), "{error}");
    }
}
