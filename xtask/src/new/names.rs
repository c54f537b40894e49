//! The names of a new plugin, all made from an organisation and a name.
//!
//! Grafana's rule for ids is narrow, and Cargo's for packages lies within: what breaks one is refused with a name that
//! would do. It deliberately knows no folders.

use anyhow::bail;

/// Longest part of a name; ids become folders, files and environment variables.
const LONGEST: usize = 40;
/// How ids of data sources end; a name may say it or leave it out.
const ENDING: &str = "-datasource";
/// How ids of other plugins end.
const OTHER_ENDINGS: [&str; 2] = ["-panel", "-app"];

/// Two words in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    org: String,
    name: String,
}

impl Names {
    /// Reads `acme-weather`, or `weather` with the organisation beside it.
    pub(crate) fn read(text: &str, org: Option<&str>) -> anyhow::Result<Self> {
        let whole = org.map_or_else(|| text.to_owned(), |org| format!("{org}-{text}"));
        if OTHER_ENDINGS.iter().any(|ending| whole.ends_with(ending)) {
            bail!("found {whole:?}, expected the name of a data source; the template makes no other plugins");
        }
        let short = whole.strip_suffix(ENDING).unwrap_or(&whole);
        let names = match short.split_once('-') {
            Some((org, name)) if is_word(org, true) && is_word(name, false) => {
                Self { org: org.to_owned(), name: name.to_owned() }
            }
            _ => bail!("{}", refusal(&whole)),
        };
        if names.org == "grafana" {
            bail!("found the organisation \"grafana\", whose ids are Grafana's own; take yours");
        }
        if names.package() == "example-wave" {
            bail!("example-wave is the template itself; choose another name");
        }
        Ok(names)
    }

    /// The Cargo package, and the folder: `acme-weather`.
    pub(crate) fn package(&self) -> String {
        format!("{}-{}", self.org, self.name)
    }

    /// The id of plugin.json: `acme-weather-datasource`.
    pub(crate) fn id(&self) -> String {
        format!("{}{ENDING}", self.package())
    }

    /// The template's text, or a path of it, with these names for its own.
    pub(crate) fn fill(&self, text: &str) -> String {
        let snake = self.package().replace('-', "_");
        let (org, name) = (capital(&self.org), capital(&self.name));
        text.replace("example-wave", &self.package())
            .replace("example_wave", &snake)
            .replace("EXAMPLE_WAVE", &snake.to_uppercase())
            .replace("Example Wave", &format!("{org} {name}"))
            .replace("The Example authors", &format!("The {org} authors"))
    }
}

/// Small letters and digits. The first word begins a Cargo package and a Rust name, so it begins with a letter.
fn is_word(text: &str, first: bool) -> bool {
    let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || (!first && small(c)));
    begins && text.len() <= LONGEST && text.chars().all(small)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn refusal(found: &str) -> String {
    let rule = format!(
        "found {found:?}, expected organisation-name in small letters and digits, one dash between them, each at most \
         {LONGEST} long, the first beginning with a letter"
    );
    match nearest(found) {
        Some(near) => format!("{rule}; did you mean {near:?}?"),
        None => format!("{rule}; with one word alone name the organisation with --org"),
    }
}

/// What would do and looks alike: the first word stays, the others become one.
fn nearest(found: &str) -> Option<String> {
    let mut spaced = String::new();
    let mut before_small = false;
    for c in found.strip_suffix(ENDING).unwrap_or(found).chars() {
        // A capital after a small letter begins a word.
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && before_small) {
            spaced.push(' ');
        }
        before_small = c.is_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            spaced.push(c.to_ascii_lowercase());
        }
    }
    let mut words = spaced.split_whitespace();
    let org = words.next()?.trim_start_matches(|c: char| c.is_ascii_digit());
    let name: String = words.collect();
    let near = format!("{org}-{name}");
    (is_word(org, true) && is_word(&name, false)).then_some(near)
}
