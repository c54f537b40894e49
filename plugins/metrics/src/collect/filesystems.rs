//! File systems: their size and what is free.
//!
//! Asking a file system can take for ever, as with a network share whose server is gone. So it is asked on a thread of
//! its own; one that doesn't answer in time is left out until it does. Kinds that hold no files of ours (`proc`,
//! `cgroup`, `overlay` …) and mounts of containers are deliberately left out, as node_exporter does.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;

const SIZE: Metric = Metric::gauge("node_filesystem_size_bytes", "The size of a file system.");
const FREE: Metric = Metric::gauge("node_filesystem_free_bytes", "What is free, for root.");
const AVAILABLE: Metric = Metric::gauge("node_filesystem_avail_bytes", "What is free, for everybody.");
const FILES: Metric = Metric::gauge("node_filesystem_files", "How many files there may be.");
const FILES_FREE: Metric = Metric::gauge("node_filesystem_files_free", "How many files there may be more.");
const READ_ONLY: Metric = Metric::gauge("node_filesystem_readonly", "Whether it is mounted read-only.");
const ERROR: Metric = Metric::gauge("node_filesystem_device_error", "Whether it couldn't be asked.");

/// How long one file system may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// That many may be silent at once; each holds a thread.
const MAX_STUCK: usize = 8;
/// More mounts than that are left out.
const MAX_MOUNTS: usize = 256;
const STACK: usize = 64 << 10;

const KINDS_LEFT_OUT: [&str; 25] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "erofs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
];
/// With everything below them.
const PLACES_LEFT_OUT: [&str; 3] = ["/dev", "/proc", "/sys"];
/// Only what is below them.
const BELOW_LEFT_OUT: [&str; 3] = ["/run/credentials/", "/var/lib/docker/", "/var/lib/containers/storage/"];

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Mount {
    device: String,
    mountpoint: String,
    kind: String,
}

/// What a file system says of itself.
#[derive(Debug, Clone, Copy)]
struct Usage {
    size: f64,
    free: f64,
    available: f64,
    files: f64,
    files_free: f64,
    is_read_only: bool,
}

/// See the module. `A` asks one file system; tests have one that is silent.
struct FileSystems<A> {
    ask: Arc<A>,
    patience: Duration,
    /// Mount points that don't answer, and where their answer will come.
    stuck: Vec<(String, Receiver<io::Result<Usage>>)>,
}

/// Asks the file system at a path how it is.
trait Ask: Fn(&Path) -> io::Result<Usage> + Send + Sync + 'static {}

impl<A: Fn(&Path) -> io::Result<Usage> + Send + Sync + 'static> Ask for A {}

/// The file systems of this machine.
pub(super) fn new() -> impl Source {
    FileSystems::asking(ask, PATIENCE)
}

impl<A: Ask> FileSystems<A> {
    fn asking(ask: A, patience: Duration) -> Self {
        Self { ask: Arc::new(ask), patience, stuck: Vec::new() }
    }

    /// Asks the file systems in order. One that takes too long is remembered as stuck, and the others are asked by
    /// another thread.
    fn ask_all(&mut self, mounts: &[Mount]) -> Vec<Option<io::Result<Usage>>> {
        let mut answers: Vec<Option<io::Result<Usage>>> = Vec::new();
        let mut patience = self.patience;
        while answers.len() < mounts.len() && self.stuck.len() < MAX_STUCK {
            let left: Vec<String> =
                mounts.iter().skip(answers.len()).map(|mount| mount.mountpoint.clone()).collect();
            let Some(receiver) = self.ask_on_thread(left) else { break };
            while answers.len() < mounts.len() {
                match receiver.recv_timeout(patience) {
                    Ok(answer) => answers.push(Some(answer)),
                    Err(_) => break,
                }
            }
            if let Some(silent) = mounts.get(answers.len()) {
                self.stuck.push((silent.mountpoint.clone(), receiver));
                answers.push(None);
                // The next silent one must not cost as much again.
                patience /= 2;
            }
        }
        answers.resize_with(mounts.len(), || None);
        answers
    }

    fn ask_on_thread(&self, mountpoints: Vec<String>) -> Option<Receiver<io::Result<Usage>>> {
        let (sender, receiver) = mpsc::channel();
        let ask = self.ask.clone();
        let run = move || {
            for mountpoint in mountpoints {
                // The receiver is gone or no longer wants the rest.
                if sender.send(ask(Path::new(&mountpoint))).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("filesystems".to_owned()).stack_size(STACK).spawn(run).ok()?;
        Some(receiver)
    }

    /// Forgets the mounts that have answered at last, or are gone.
    fn forget_answered(&mut self, mounts: &[Mount]) {
        self.stuck.retain(|(mountpoint, receiver)| {
            matches!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty))
                && mounts.iter().any(|mount| mount.mountpoint == *mountpoint)
        });
    }
}

impl<A: Ask> Source for FileSystems<A> {
    fn name(&self) -> &'static str {
        "filesystem"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("mounts");
        let text = files::read(&path)?;
        let (mounts, mut first) = mounts(&path, &text);
        self.forget_answered(&mounts);
        let stuck: HashSet<&String> = self.stuck.iter().map(|(mountpoint, _)| mountpoint).collect();
        let (silent, asked): (Vec<Mount>, Vec<Mount>) =
            mounts.into_iter().partition(|mount| stuck.contains(&mount.mountpoint));
        let answers = self.ask_all(&asked);
        let silent = silent.into_iter().map(|mount| (mount, None));
        for (mount, answer) in asked.into_iter().zip(answers).chain(silent) {
            first = first.and(put(&mount, answer, sink));
        }
        first
    }
}

fn put(mount: &Mount, answer: Option<io::Result<Usage>>, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let labels = [
        ("device", mount.device.as_str()),
        ("fstype", mount.kind.as_str()),
        ("mountpoint", mount.mountpoint.as_str()),
    ];
    sink.put(&ERROR, &labels, f64::from(!matches!(answer, Some(Ok(_)))));
    let usage = match answer {
        Some(Ok(usage)) => usage,
        // The mounts of other users often may not be asked; that is how the machine is.
        Some(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        Some(Err(source)) => {
            return Err(CollectError::Unreadable { path: mount.mountpoint.clone().into(), source });
        }
        None => return Err(CollectError::Stuck { mountpoint: mount.mountpoint.clone() }),
    };
    let values = [
        (&SIZE, usage.size),
        (&FREE, usage.free),
        (&AVAILABLE, usage.available),
        (&FILES, usage.files),
        (&FILES_FREE, usage.files_free),
        (&READ_ONLY, f64::from(usage.is_read_only)),
    ];
    values.into_iter().for_each(|(metric, value)| sink.put(metric, &labels, value));
    Ok(())
}

/// The mounts of `/proc/mounts` that are told.
fn mounts(path: &Path, text: &str) -> (Vec<Mount>, Result<(), CollectError>) {
    let (mut mounts, mut seen) = (Vec::new(), HashSet::new());
    let read = files::each_line(path, text, "a device, a mount point and a kind", |line| {
        let mut words = line.split(' ');
        let (device, mountpoint, kind) = (words.next()?, words.next()?, words.next()?);
        if mountpoint.is_empty() || kind.is_empty() {
            return None;
        }
        let mount =
            Mount { device: unescaped(device), mountpoint: unescaped(mountpoint), kind: unescaped(kind) };
        if !is_left_out(&mount) && seen.insert(mount.clone()) {
            mounts.push(mount);
        }
        Some(())
    });
    if mounts.len() > MAX_MOUNTS {
        mounts.truncate(MAX_MOUNTS);
        return (mounts, read.and(Err(CollectError::TooMany { what: "mounts", limit: MAX_MOUNTS })));
    }
    (mounts, read)
}

fn is_left_out(mount: &Mount) -> bool {
    let place = mount.mountpoint.as_str();
    let is_in = |folder: &&str| {
        place.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    KINDS_LEFT_OUT.contains(&mount.kind.as_str())
        || PLACES_LEFT_OUT.iter().any(is_in)
        || BELOW_LEFT_OUT.iter().any(|folder| place.len() > folder.len() && place.starts_with(folder))
}

/// The kernel writes spaces, tabs, line breaks and backslashes as three octal digits.
fn unescaped(word: &str) -> String {
    let mut text = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        match after.split_at_checked(3).map(|(digits, after)| (u8::from_str_radix(digits, 8), after)) {
            Some((Ok(byte), after)) if byte.is_ascii() => {
                text.push(char::from(byte));
                rest = after;
            }
            _ => {
                text.push('\\');
                rest = after;
            }
        }
    }
    text + rest
}

#[cfg(target_os = "linux")]
fn ask(mountpoint: &Path) -> io::Result<Usage> {
    let stat = rustix::fs::statvfs(mountpoint)?;
    let bytes = |blocks: u64| blocks as f64 * stat.f_frsize as f64;
    Ok(Usage {
        size: bytes(stat.f_blocks),
        free: bytes(stat.f_bfree),
        available: bytes(stat.f_bavail),
        files: stat.f_files as f64,
        files_free: stat.f_ffree as f64,
        is_read_only: stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
    })
}

#[cfg(not(target_os = "linux"))]
fn ask(_: &Path) -> io::Result<Usage> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests;
