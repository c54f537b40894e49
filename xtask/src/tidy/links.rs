//! Rule `links`: links and pictures in documents that lead into the repository lead somewhere.
//!
//! It deliberately asks no network: addresses elsewhere are not looked at.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Finding;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let documents: BTreeMap<_, _> =
        workspace.texts(".md").map(|(path, text)| (path, Document::read(text))).collect();
    let mut findings = Vec::new();
    for (path, document) in &documents {
        for link in document.links.iter().filter(|link| !is_elsewhere(link)) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { Some((*path).to_owned()) } else { resolve(path, file) };
            let advice = "correct the link, or take it out";
            let Some(target) = target.filter(|target| is_there(workspace, target)) else {
                findings.push(Finding::new(*path, format!("the link {link:?} leads nowhere"), advice));
                continue;
            };
            let lacks = |document: &Document| !document.headings.iter().any(|slug| slug == heading);
            if !heading.is_empty() && documents.get(target.as_str()).is_some_and(lacks) {
                findings.push(Finding::new(*path, format!("{target} has no heading #{heading}"), advice));
            }
        }
    }
    findings
}

#[derive(Debug, Default)]
struct Document {
    links: Vec<String>,
    headings: Vec<String>,
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self::default();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    document.headings.extend(heading.take().map(|text| slug(&text)));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        document
    }
}

/// The anchor that forges give a heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn is_elsewhere(link: &str) -> bool {
    // `crate::Type` is a link of rustdoc, which checks it.
    link.contains("://") || link.starts_with("mailto:") || link.contains("::")
}

/// The path from the root that a relative link means; nothing if it leaves the repository.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn is_there(workspace: &Workspace, target: &str) -> bool {
    let folder = format!("{target}/");
    target.is_empty()
        || workspace.files.contains_key(target)
        || workspace.files.keys().any(|path| path.starts_with(&folder))
}

#[cfg(test)]
mod tests;
