//! The plugins of the workbench: found, started together, stopped together.
//!
//! It deliberately keeps plugins that can't run in the list: why they can't is what one wants to see.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use graftwire_host::{LaunchOptions, PluginSpec, SpecError};
use tokio::sync::{Semaphore, broadcast};

use super::channels::Channels;
use super::entry::Entry;
use super::{WorkbenchArgs, watch};
use crate::failure::Failure;
use crate::plugin::attached;
use crate::plugin::settings::{self, Instance};

/// How many plugins start at the same time.
const STARTS_AT_ONCE: usize = 4;
/// How many changes a listener may lag behind before it gets the whole list anew.
const FEED_CAPACITY: usize = 256;
/// Where plugins are looked for when nobody says.
const DEFAULT_FOLDER: &str = "plugins";

/// Every plugin, and the feed of what changes about them.
#[derive(Debug)]
pub(super) struct Roster {
    entries: Vec<Arc<Entry>>,
    changes: broadcast::Sender<Change>,
    channels: Channels,
}

/// Something to tell the page.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// A plugin's state, health or figures.
    Plugin(Arc<Entry>),
    /// A call that ended, as JSON.
    Call(Arc<str>),
}

impl Roster {
    /// Finds the plugins; starts nothing.
    pub(super) fn find(args: &WorkbenchArgs) -> Result<Arc<Self>, Failure> {
        let mut instances = Instances::read(args)?;
        let (changes, _) = broadcast::channel(FEED_CAPACITY);
        let default = [PathBuf::from(DEFAULT_FOLDER)];
        let folders = match args.plugins.as_slice() {
            // Who attaches to plugins may have no others.
            [] if args.attach.is_empty() => &default,
            folders => folders,
        };
        if let Some(missing) = folders.iter().find(|folder| !folder.exists()) {
            return Err(Failure::start_text(format!(
                "{} does not exist; name a folder with plugins in it, or one plugin, by --plugins",
                missing.display()
            )));
        }
        let mut entries: Vec<Arc<Entry>> = Vec::new();
        for place in &args.attach {
            let (spec, options) = running_at(place)?;
            let instance = instances.take(spec.id());
            entries.push(Arc::new(Entry::new(spec, options, instance, changes.clone())));
        }
        let attached: HashSet<String> = entries.iter().map(|entry| entry.id().to_owned()).collect();
        for found in folders.iter().flat_map(|folder| specs(folder)) {
            let entry = match found {
                Ok(spec) if attached.contains(spec.id()) => continue,
                Ok(spec) if entries.iter().any(|entry| entry.id() == spec.id()) => {
                    let place = spec.executable().display();
                    Entry::broken(place.to_string(), format!("another plugin has the id {}", spec.id()))
                }
                Ok(spec) => {
                    let instance = instances.take(spec.id());
                    Entry::new(spec, LaunchOptions::new(), instance, changes.clone())
                }
                Err(error) => Entry::broken(place_of(&error), graftwire_model::error_text(&error)),
            };
            entries.push(Arc::new(entry));
        }
        instances.all_taken()?;
        if entries.is_empty() {
            let list: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            return Err(Failure::start_text(format!("no plugin in {}", list.join(", "))));
        }
        Ok(Arc::new(Self { entries, changes, channels: Channels::default() }))
    }

    pub(super) fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    pub(super) fn entry(&self, id: &str) -> Option<&Arc<Entry>> {
        self.entries.iter().find(|entry| entry.id() == id)
    }

    /// Every change from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    pub(super) const fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Starts every plugin in the background, and watches it from then on.
    pub(super) fn start_all(&self) {
        let turns = Arc::new(Semaphore::new(STARTS_AT_ONCE));
        for entry in &self.entries {
            let (entry, turns, changes) = (Arc::clone(entry), Arc::clone(&turns), self.changes.clone());
            tokio::spawn(watch::watch(Arc::clone(&entry), changes));
            tokio::spawn(async move {
                let _turn = turns.acquire().await;
                // Why it failed stands in the entry's state.
                let _ = entry.start().await;
            });
        }
    }

    /// Stops every plugin, all at once.
    pub(super) async fn stop_all(&self) {
        let stops = self.entries.iter().map(|entry| entry.stop());
        futures_util::future::join_all(stops).await;
    }
}

/// A plugin that runs already: in a folder, or elsewhere under an id.
fn running_at(place: &str) -> Result<(PluginSpec, LaunchOptions), Failure> {
    let (id, place) = match place.split_once('=') {
        Some((id, place)) => (Some(id), place),
        None => (None, place),
    };
    let (spec, attachment) = attached::find(place)?;
    let spec = id.map_or_else(|| spec.clone(), |id| spec.clone().with_id(id));
    Ok((spec, LaunchOptions::new().attach_to(attachment)))
}

/// The plugins at a path: below a folder, or the one that is named.
fn specs(path: &Path) -> Vec<Result<PluginSpec, SpecError>> {
    if path.is_file() { vec![PluginSpec::resolve(path)] } else { PluginSpec::find_all(path) }
}

/// What a plugin that can't be run is called.
fn place_of(error: &SpecError) -> String {
    match error {
        SpecError::NoExecutable { id, .. } | SpecError::NoBuild { id, .. } => id.clone(),
        SpecError::NotFound { path }
        | SpecError::Unreadable { path, .. }
        | SpecError::TooLarge { path, .. }
        | SpecError::NotJson { path, .. }
        | SpecError::NoId { path } => path.display().to_string(),
        SpecError::NoManifest { folder } | SpecError::Several { folder, .. } => folder.display().to_string(),
        _ => "plugin".to_owned(),
    }
}

/// Settings by plugin id, from the command line.
struct Instances(HashMap<String, Instance>);

impl Instances {
    fn read(args: &WorkbenchArgs) -> Result<Self, Failure> {
        let mut all: HashMap<String, Instance> = HashMap::new();
        for (id, file) in &args.settings {
            all.insert(id.clone(), settings::read(file)?);
        }
        for (id, file) in &args.secure {
            all.entry(id.clone()).or_default().secrets = settings::read_secrets(file)?;
        }
        Ok(Self(all))
    }

    fn take(&mut self, id: &str) -> Instance {
        self.0.remove(id).unwrap_or_default()
    }

    fn all_taken(&self) -> Result<(), Failure> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(id) => {
                Err(Failure::usage(format!("settings were given for {id}, but there is no such plugin")))
            }
        }
    }
}
