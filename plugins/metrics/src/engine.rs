//! The machinery that all data sources of this plugin share: one collector and one store per folder.
//!
//! It begins to collect when the plugin starts, with the plugin's own defaults, and goes on when the last data source
//! is gone. It deliberately answers no queries: `source` does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use graftwire_sdk::InstanceError;

use crate::collect::{CollectOptions, Collector, CollectorHealth, Ticker};
use crate::scrape::target::DEFAULT_INTERVAL;
use crate::scrape::{Scraper, TargetSettings, targets_from_settings};
use crate::settings::{Checked, Settings};
use crate::store::{Keeper, Store, locate};

/// Everything that runs over one folder.
#[derive(Debug)]
pub struct Engine {
    /// The samples.
    pub store: Arc<Store>,
    /// Where the samples lie.
    pub folder: PathBuf,
    /// What should be known about that place.
    pub place_warning: Option<String>,
    checked: Checked,
    /// Writes to the disk at its interval; gone once the engine is stopped.
    keeper: Mutex<Option<Keeper>>,
    /// Looks at this machine; gone once the engine is stopped.
    ticker: Mutex<Option<Ticker>>,
    collection: CollectorHealth,
    scraping: Mutex<Scraping>,
}

#[derive(Debug, Default)]
struct Scraping {
    wanted: BTreeMap<String, Vec<TargetSettings>>,
    scraper: Option<Scraper>,
    /// What is wrong with entries that make no target.
    refused: Vec<String>,
}

impl Engine {
    /// Blocks: it opens files.
    fn start(
        folder: PathBuf,
        place_warning: Option<String>,
        checked: Checked,
    ) -> Result<Self, InstanceError> {
        let store = Store::open(&folder, checked.store_options())
            .map_err(|cause| InstanceError::new(graftwire_sdk::error_text(&cause)).with_cause(cause))?;
        let failed =
            |cause: &(dyn std::error::Error + 'static)| InstanceError::new(graftwire_sdk::error_text(cause));
        let options = CollectOptions { interval: checked.interval, ..CollectOptions::default() };
        let collector = Collector::new(Arc::clone(&store), options).map_err(|cause| failed(&cause))?;
        let collection = collector.health();
        let keeper = Keeper::start(Arc::clone(&store)).map_err(|cause| failed(&cause))?;
        let ticker = Ticker::start(collector).map_err(|cause| failed(&cause))?;
        tracing::info!(folder = %folder.display(), interval = ?checked.interval, "collecting this machine's metrics");
        Ok(Self {
            store,
            folder,
            place_warning,
            checked,
            keeper: Mutex::new(Some(keeper)),
            ticker: Mutex::new(Some(ticker)),
            collection,
            scraping: Mutex::default(),
        })
    }

    fn stop(&self) {
        drop(lock(&self.ticker).take());
        *lock(&self.scraping) = Scraping::default();
        drop(lock(&self.keeper).take());
        self.store.close();
    }

    /// Sets the endpoints that one data source wants scraped; equal ones of several data sources are scraped once.
    /// Called inside a tokio runtime.
    fn scrape(&self, owner: &str, targets: &[TargetSettings]) {
        let mut scraping = lock(&self.scraping);
        let before = scraping.all();
        scraping.wanted.insert(owner.to_owned(), targets.to_vec());
        let now = scraping.all();
        if now == before {
            return;
        }
        let (targets, refused) = targets_from_settings(&now, DEFAULT_INTERVAL);
        scraping.refused = refused.iter().map(ToString::to_string).collect();
        let scraper = (!targets.is_empty()).then(|| Scraper::start(Arc::clone(&self.store), targets));
        if let Some(old) = std::mem::replace(&mut scraping.scraper, scraper) {
            // Marks what is scraped no more as ended.
            drop(tokio::spawn(old.stop()));
        }
    }

    /// What is wrong with collection, scraping and store, in words; empty when all is well.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let store = self.store.health().problems.into_iter().map(|problem| problem.to_string());
        let sources = self.collection.sources().into_iter();
        let sources =
            sources.filter_map(|source| source.problem.map(|problem| format!("{}: {problem}", source.name)));
        let scraping = lock(&self.scraping);
        let statuses = scraping.scraper.as_ref().map(Scraper::status).unwrap_or_default();
        let targets = statuses.into_iter().filter_map(|status| status.problem());
        store.chain(sources).chain(scraping.refused.iter().cloned()).chain(targets).collect()
    }

    /// How often this machine is looked at.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.checked.interval
    }

    /// How many endpoints are scraped.
    #[must_use]
    pub fn target_count(&self) -> usize {
        lock(&self.scraping).all().len()
    }
}

impl Scraping {
    fn all(&self) -> Vec<TargetSettings> {
        let mut all: Vec<TargetSettings> = Vec::new();
        for target in self.wanted.values().flatten() {
            if !all.contains(target) {
                all.push(target.clone());
            }
        }
        all
    }
}

/// The engines of this process, by folder.
#[derive(Debug)]
pub struct Engines {
    plugin: Settings,
    executable_folder: Option<PathBuf>,
    running: Mutex<BTreeMap<PathBuf, Running>>,
}

#[derive(Debug)]
struct Running {
    engine: Arc<Engine>,
    /// The data source whose settings are in effect; `None` for the engine that runs since the start.
    owner: Option<String>,
}

/// An engine as one data source uses it.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The engine.
    pub engine: Arc<Engine>,
    /// What of the data source's settings is not in effect, and why.
    pub notice: Option<String>,
}

impl Engines {
    /// No engines yet. `plugin` are the defaults of the whole plugin.
    #[must_use]
    pub fn new(plugin: Settings, executable_folder: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self { plugin, executable_folder, running: Mutex::default() })
    }

    /// Begins to collect before any data source asks. Blocks: it opens files.
    pub fn start(&self) {
        // Held to the end, so that a data source that asks meanwhile waits for this engine instead of opening its own.
        let mut running = lock(&self.running);
        if !running.is_empty() {
            return;
        }
        let started = self.plugin.check().and_then(|checked| {
            let (folder, warning) = self.place(&checked);
            let engine = Engine::start(folder.clone(), warning, checked)?;
            running.insert(folder, Running { engine: Arc::new(engine), owner: None });
            Ok(())
        });
        if let Err(error) = started {
            // Not the end: a data source may bring settings that work.
            tracing::error!(error = %error, "collection did not start with the plugin");
        }
    }

    /// The engine for a data source. Blocks: it may open files.
    ///
    /// # Errors
    /// What keeps the store from opening, in words for the user.
    pub fn lease(&self, owner: &str, settings: Settings) -> Result<Lease, InstanceError> {
        let checked = settings.or(&self.plugin).check()?;
        let (folder, warning) = self.place(&checked);
        let mut running = lock(&self.running);
        let targets = checked.targets.clone();
        let lease = match running.get_mut(&folder) {
            Some(found) if same_store(&found.engine.checked, &checked) => {
                found.owner.get_or_insert_with(|| owner.to_owned());
                Lease { engine: Arc::clone(&found.engine), notice: None }
            }
            Some(found) if found.owner.as_deref().is_none_or(|of| of == owner) => {
                found.engine.stop();
                running.remove(&folder);
                self.open(&mut running, folder, warning, owner, checked)?
            }
            Some(found) => Lease { engine: Arc::clone(&found.engine), notice: Some(overruled(found)) },
            None => self.open(&mut running, folder, warning, owner, checked)?,
        };
        lease.engine.scrape(owner, &targets);
        Ok(lease)
    }

    fn open(
        &self,
        running: &mut BTreeMap<PathBuf, Running>,
        folder: PathBuf,
        warning: Option<String>,
        owner: &str,
        checked: Checked,
    ) -> Result<Lease, InstanceError> {
        let engine = Arc::new(Engine::start(folder.clone(), warning, checked)?);
        // What ran since the start on the plugin's defaults has served its purpose.
        running.retain(|_, other| {
            let keep = other.owner.is_some();
            if !keep {
                other.engine.stop();
            }
            keep
        });
        running.insert(folder, Running { engine: Arc::clone(&engine), owner: Some(owner.to_owned()) });
        Ok(Lease { engine, notice: None })
    }

    /// Writes everything to the disk. Blocks.
    pub fn stop(&self) {
        for running in std::mem::take(&mut *lock(&self.running)).into_values() {
            running.engine.stop();
        }
    }

    fn place(&self, checked: &Checked) -> (PathBuf, Option<String>) {
        let (folder, warning) = locate(checked.store_path.as_deref(), self.executable_folder.as_deref());
        (folder, warning.map(|warning| warning.to_string()))
    }
}

fn same_store(running: &Checked, wanted: &Checked) -> bool {
    running.retention == wanted.retention
        && running.max_bytes == wanted.max_bytes
        && running.interval == wanted.interval
}

fn overruled(running: &Running) -> String {
    let owner = running.owner.as_deref().unwrap_or_default();
    format!(
        "retention, size and interval are those of data source {owner}, which shares the store in {}; change them there \
         or give this data source a store path of its own",
        running.engine.folder.display()
    )
}

/// Where the executable lies.
#[must_use]
pub fn executable_folder() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(Path::to_path_buf)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // State under these locks is whole between statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
