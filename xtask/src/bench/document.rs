//! The places of docs/benchmarks.md that are filled by measuring: what stands between `<!-- measured: NAME -->` and
//! `<!-- /measured -->`.

use anyhow::Context as _;

use crate::run;

const PATH: &str = "docs/benchmarks.md";
const END: &str = "<!-- /measured -->";

/// What stands in a place now.
pub(super) fn place(name: &str) -> anyhow::Result<String> {
    let text = read()?;
    let (_, inside, _) = split(&text, name)?;
    Ok(inside.to_owned())
}

/// Fills a place anew.
pub(super) fn write(name: &str, content: &str) -> anyhow::Result<()> {
    let text = replaced(&read()?, name, content)?;
    std::fs::write(run::root().join(PATH), text).with_context(|| format!("cannot write {PATH}"))
}

fn read() -> anyhow::Result<String> {
    std::fs::read_to_string(run::root().join(PATH)).with_context(|| format!("cannot read {PATH}"))
}

fn replaced(text: &str, name: &str, content: &str) -> anyhow::Result<String> {
    let (before, _, after) = split(text, name)?;
    Ok(format!("{before}\n{}\n{after}", content.trim_end()))
}

/// Before the place (with its mark), inside, and after (from the closing mark on).
fn split<'a>(text: &'a str, name: &str) -> anyhow::Result<(&'a str, &'a str, &'a str)> {
    let mark = format!("<!-- measured: {name} -->");
    let found = text.find(&mark).and_then(|at| {
        let (before, rest) = text.split_at_checked(at + mark.len())?;
        let (inside, after) = rest.split_at_checked(rest.find(END)?)?;
        Some((before, inside, after))
    });
    found.with_context(|| format!("{PATH} has no place between `{mark}` and `{END}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "a\n<!-- measured: one -->\nold\n<!-- /measured -->\nb\n<!-- measured: two -->\n<!-- /measured -->\n";

    #[test]
    fn a_place_is_filled_and_the_rest_stays() {
        let filled = replaced(TEXT, "one", "new\nlines\n").unwrap();
        assert_eq!(filled, TEXT.replace("old", "new\nlines"));
        assert_eq!(replaced(&filled, "one", "old").unwrap(), TEXT);
    }

    #[test]
    fn a_missing_place_is_named() {
        let error = replaced(TEXT, "three", "x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "docs/benchmarks.md has no place between `<!-- measured: three -->` and `<!-- /measured -->`"
        );
    }
}
