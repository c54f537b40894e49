//! The recorder in a plugin's folder, and out of it again: hosts start a file of a fixed name, without arguments.
//!
//! It deliberately touches nothing but the executable and the script in its place; a signature of the folder does not hold
//! while it is there.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure};
use crate::output::Output;

const ENDING: &str = "recorded";
/// The second line of our scripts; a file without it is somebody else's.
const MARK: &str = "# Made by `graftwire record --install`; undone by `graftwire record --uninstall`.";

pub(super) fn install(executable: &Path, out: &Path, json: bool) -> Result<Exit, Failure> {
    if cfg!(not(unix)) {
        return Err(Failure::usage("--install writes a shell script, which this system does not start"));
    }
    if is_ours(executable) {
        return Err(Failure::usage(format!(
            "{} is a recorder already; --uninstall it first",
            executable.display()
        )));
    }
    let absolute = |path: &Path| {
        std::path::absolute(path)
            .map_err(|cause| Failure::file(format!("{} has no full path", path.display())).because(cause))
    };
    // Hosts start plugins in a folder of their own, and newer ones without PATH.
    let program = std::env::current_exe()
        .map_err(|cause| Failure::file("this program can't find itself").because(cause))?;
    let (aside, out) = (absolute(&aside(executable))?, absolute(out)?);
    let script = format!(
        "#!/bin/sh\n{MARK}\nexec {} record {} --out {}\n",
        quoted(&program)?,
        quoted(&aside)?,
        quoted(&out)?
    );
    let failed = |cause| Failure::file(format!("{} can't be put aside", executable.display())).because(cause);
    fs::rename(executable, &aside).map_err(failed)?;
    if let Err(cause) = write(executable, &script) {
        let _ = fs::rename(&aside, executable);
        return Err(Failure::file(format!("{} can't be written", executable.display())).because(cause));
    }
    tell(
        json,
        "installed",
        executable,
        &format!("the plugin is {}; its calls go to {}", aside.display(), out.display()),
    )
}

pub(super) fn undo(executable: &Path, json: bool) -> Result<Exit, Failure> {
    if !is_ours(executable) {
        return Err(Failure::usage(format!("{} is no recorder", executable.display())));
    }
    fs::rename(aside(executable), executable).map_err(|cause| {
        Failure::file(format!("{} can't be put back", executable.display())).because(cause)
    })?;
    tell(json, "uninstalled", executable, "the plugin is itself again")
}

fn aside(executable: &Path) -> PathBuf {
    let mut name = executable.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ENDING);
    executable.with_file_name(name)
}

fn is_ours(executable: &Path) -> bool {
    let mut beginning = Vec::new();
    let read = fs::File::open(executable).and_then(|file| file.take(4096).read_to_end(&mut beginning));
    read.is_ok() && String::from_utf8_lossy(&beginning).contains(MARK)
}

fn write(path: &Path, script: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    options.open(path)?.write_all(script.as_bytes())
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().ok_or_else(|| Failure::usage(format!("{} is no UTF-8", path.display())))?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

fn tell(json: bool, what: &str, executable: &Path, text: &str) -> Result<Exit, Failure> {
    let mut output = Output::stdout();
    if json {
        output.json(&serde_json::json!({"outcome": what, "executable": executable.display().to_string()}))?;
    } else {
        output.line(&format!("{what} {}: {text}", executable.display()))?;
    }
    output.flush()?;
    Ok(Exit::Fine)
}
