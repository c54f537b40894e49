//! The flags a plugin's executable takes, as plugins of the Go SDK do: read before anything else, the host's cookie
//! included.
//!
//! It deliberately is no argument parser for plugins: their settings come from Grafana.

use std::ffi::OsString;

/// What the process was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To serve a host, the usual case.
    Plugin,
    /// To be debugged.
    Standalone,
    /// To say its version.
    Version,
    /// To say what it was built from.
    BuildInfo,
    /// To say what can be said.
    Help,
}

/// Standard Go flag syntax: one or two dashes, `=true` or `=false` after them; the first other argument ends the flags.
pub(super) const USAGE: &str = "  -standalone
        serve on TCP without a host, for debugging; a plugin that Grafana starts from the same folder leads there
  -version
        print the version and exit
  -buildinfo
        print what the executable was built from, as JSON, and exit
";

/// Reads the arguments after the program's name.
///
/// # Errors
/// What is wrong with the first argument that can't be used.
pub(super) fn read(args: impl Iterator<Item = OsString>) -> Result<Mode, String> {
    let mut chosen = [Mode::Help, Mode::BuildInfo, Mode::Version, Mode::Standalone].map(|mode| (mode, false));
    for arg in args {
        let arg = arg.to_string_lossy();
        let Some(flag) = arg.strip_prefix('-').filter(|flag| !flag.is_empty() && *flag != "-") else { break };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let mode = mode_of(name).ok_or_else(|| format!("flag provided but not defined: -{name}"))?;
        let on = value.map_or(Some(true), boolean).ok_or_else(|| {
            format!(
                "invalid boolean value {:?} for -{name}: expected true or false",
                value.unwrap_or_default()
            )
        })?;
        chosen.iter_mut().filter(|(known, _)| *known == mode).for_each(|(_, chosen)| *chosen = on);
    }
    Ok(chosen.into_iter().find(|(_, chosen)| *chosen).map_or(Mode::Plugin, |(mode, _)| mode))
}

fn mode_of(name: &str) -> Option<Mode> {
    Some(match name {
        "standalone" => Mode::Standalone,
        "version" => Mode::Version,
        "buildinfo" => Mode::BuildInfo,
        "h" | "help" => Mode::Help,
        _ => return None,
    })
}

/// The texts Go takes for a boolean.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &[&str]) -> Result<Mode, String> {
        read(args.iter().map(OsString::from))
    }

    #[test]
    fn flags_have_one_or_two_dashes_and_may_have_a_value() {
        for (args, mode) in [
            (&[][..], Mode::Plugin),
            (&["-standalone"], Mode::Standalone),
            (&["--standalone"], Mode::Standalone),
            (&["-standalone=T"], Mode::Standalone),
            (&["-standalone", "-standalone=false"], Mode::Plugin),
            (&["-version", "-standalone"], Mode::Version),
            (&["-standalone", "--buildinfo"], Mode::BuildInfo),
            (&["-h"], Mode::Help),
            // What ends the flags, ends them.
            (&["--", "-standalone"], Mode::Plugin),
            (&["-", "-version"], Mode::Plugin),
            (&["word", "-version"], Mode::Plugin),
        ] {
            assert_eq!(of(args), Ok(mode), "{args:?}");
        }
    }

    #[test]
    fn what_is_no_flag_is_named() {
        assert_eq!(of(&["-verison"]), Err("flag provided but not defined: -verison".to_owned()));
        assert_eq!(of(&["---version"]), Err("flag provided but not defined: --version".to_owned()));
        let bad = of(&["-version=yes"]).unwrap_err();
        assert_eq!(bad, "invalid boolean value \"yes\" for -version: expected true or false");
    }
}
