//! Scraping over real connections into a real store.

mod faults;
mod pages;
mod prometheus;
mod server;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use graftwire_metrics::scrape::{
    ScrapeLimits, Scraper, Target, TargetSettings, TargetStatus, targets_from_settings,
};
use graftwire_metrics::series::{SelectLimits, SeriesSource};
use graftwire_metrics::store::{Store, StoreOptions};

/// A scraper and the store it fills.
struct Bench {
    store: Arc<Store>,
    scraper: Scraper,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn start(targets: Vec<Target>, limits: ScrapeLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
        Self { scraper: Scraper::start_limited(store.clone(), targets, limits), store, _folder: folder }
    }

    /// Waits until every target has been scraped.
    async fn scraped(&self) -> Vec<TargetStatus> {
        let mut ticks = self.store.ticks();
        loop {
            let statuses = self.scraper.status();
            if statuses.iter().all(|status| status.last_scrape.is_some()) {
                return statuses;
            }
            let changed = tokio::time::timeout(Duration::from_secs(60), ticks.changed());
            changed.await.expect("a scrape ends").unwrap();
        }
    }

    /// Each series with its last value; reports on scrapes are left out.
    fn last_values(&self) -> BTreeMap<String, f64> {
        let mut values = BTreeMap::new();
        self.store
            .visit(&[], i64::MIN, i64::MAX, SelectLimits::default(), &mut |labels, samples| {
                if !labels.metric_name().starts_with("scrape_") && labels.metric_name() != "up" {
                    values.insert(labels.to_string(), samples.last().unwrap().value);
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        values
    }
}

fn target(url: &str) -> Target {
    let entry = TargetSettings { job: "j".to_owned(), url: url.to_owned(), ..TargetSettings::default() };
    let (mut targets, errors) = targets_from_settings(&[entry], Duration::from_secs(600));
    assert!(errors.is_empty(), "{errors:?}");
    targets.remove(0)
}

/// Scrapes one page once.
async fn scrape(url: &str) -> (Bench, TargetStatus) {
    let bench = Bench::start(vec![target(url)], ScrapeLimits::default());
    let status = bench.scraped().await.remove(0);
    (bench, status)
}
