//! `graftwire record`: in a plugin's place before a host, with the plugin behind it, and every call in a file.
//!
//! The host's environment, its standard input and the plugin's standard error pass as they are; a handshake line that
//! can't be used passes too, so that the host says what it says of it. It deliberately prints nothing on standard output
//! but the line.

mod install;
mod stand_in;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use graftwire_recording::{Limits, Recorder};

use crate::failure::{Exit, Failure};

/// Stand between a host and a plugin, and write every call to a file.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The plugin: a folder with plugin.json in or below it, a plugin.json, or an executable.
    #[arg(value_name = "PLUGIN")]
    plugin: PathBuf,
    /// The file; each start of the plugin makes a new one, with a number if the name is taken.
    #[arg(long, value_name = "FILE", required_unless_present = "uninstall")]
    out: Option<PathBuf>,
    /// Put this program in the plugin's place: the executable gets the ending `.recorded`, and a script of its name
    /// starts it through `graftwire record` from then on.
    #[arg(long, conflicts_with = "uninstall")]
    install: bool,
    /// Undo --install.
    #[arg(long)]
    uninstall: bool,
    /// The longest message whose bytes are written; of longer ones the length alone.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().message)]
    max_message: usize,
    /// The longest file; the calls go on unrecorded from there.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().file)]
    max_file: u64,
    /// Also write messages that no text is known for. Nobody can tell what in them is secret.
    #[arg(long)]
    unknown: bool,
}

impl RecordArgs {
    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        (limits.message, limits.file, limits.unknown) = (self.max_message, self.max_file, self.unknown);
        limits
    }
}

pub(crate) fn run(args: &RecordArgs, json: bool) -> Result<Exit, Failure> {
    let spec = graftwire_host::PluginSpec::resolve(&args.plugin).map_err(Failure::start)?;
    let Some(out) = args.out.as_deref().filter(|_| !args.uninstall) else {
        return install::undo(spec.executable(), json);
    };
    if args.install {
        return install::install(spec.executable(), out, json);
    }
    stand_in::run(&spec, out, args.limits())
}

/// Begins a recording.
pub(crate) fn begin(path: &Path, plugin: &str, limits: Limits) -> Result<Recorder, Failure> {
    Recorder::create(path, plugin, limits).map_err(|error| Failure::file(String::new()).because(error))
}

/// What became of a recording, for a person.
pub(crate) fn told(recorder: &Recorder) -> String {
    let (path, calls) = (recorder.path().display(), recorder.calls());
    match recorder.stopped() {
        None => format!("recorded {calls} calls in {path}"),
        Some(why) => format!("the recording {path} ends early: {why}"),
    }
}

/// A line of the recorder among the plugin's own on standard error, in the form that hosts read.
pub(crate) fn log(level: &str, message: &str) {
    let now = time::OffsetDateTime::now_utc();
    let (hour, minute, second) = now.to_hms();
    let micros = now.microsecond();
    let at = format!("{}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z", now.date());
    let line = serde_json::json!({"@level": level, "@message": message, "@timestamp": at, "@module": "graftwire-record"});
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// How long calls under way have once the plugin has ended.
const GRACE: Duration = Duration::from_millis(200);
