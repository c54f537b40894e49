//! Instances: one value per data source (or app), made from its settings and renewed when they change.
//!
//! An instance is used as long as the settings' time of change and Grafana's whole configuration stay the same.
//! A replaced instance lives until the last request that uses it is done, then it is dropped: put clean-up into
//! `Drop`. An instance that could not be made is never kept.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use graftwire_model::{
    AppInstanceSettings, BoxFuture, CallError, Code, DataSourceInstanceSettings, EpochMillis, ErrorSource,
    GrafanaConfig, PluginContext,
};
use tokio::sync::Mutex as AsyncMutex;

use crate::RequestContext;

/// What an instance is made from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InstanceContext {
    /// The plugin's id.
    pub plugin_id: String,
    /// The tenant; empty if the host has none.
    pub tenant: String,
    /// Settings of the data source, when one is asked.
    pub data_source: Option<DataSourceInstanceSettings>,
    /// Settings of the app, when an app is asked.
    pub app: Option<AppInstanceSettings>,
    /// Grafana's configuration.
    pub grafana_config: GrafanaConfig,
}

/// Why an instance can't be made. Shown to the user: by the health check, and as the answer to every query.
#[derive(Debug)]
pub struct InstanceError {
    message: String,
    origin: Option<ErrorSource>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl InstanceError {
    /// An error with a text that says what is wrong and what to change.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), origin: None, cause: None }
    }

    /// The same error with a mark of whose fault it is; settings a user can mend are downstream.
    #[must_use]
    pub const fn with_origin(mut self, origin: ErrorSource) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The same error with its cause, which is logged.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(crate) const fn origin(&self) -> Option<ErrorSource> {
        self.origin
    }
}

impl fmt::Display for InstanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for InstanceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<InstanceError> for CallError {
    fn from(error: InstanceError) -> Self {
        let call = Self::new(Code::Unknown, error.message.clone());
        let call = match error.origin {
            Some(origin) => call.with_origin(origin),
            None => call,
        };
        call.with_cause(error)
    }
}

type Make<I> = dyn Fn(InstanceContext) -> BoxFuture<'static, Result<I, InstanceError>> + Send + Sync;

/// Makes, finds and renews instances.
pub(crate) struct Instances<I> {
    source: Source<I>,
    most: usize,
    slots: Mutex<HashMap<String, Arc<Slot<I>>>>,
    clock: AtomicU64,
    made: AtomicU64,
}

enum Source<I> {
    Single(Arc<I>),
    Made(Box<Make<I>>),
}

/// The place of one key. Its lock is held while an instance is made, so that other keys don't wait and callers of
/// the same key get the same instance.
struct Slot<I> {
    current: AsyncMutex<Option<Current<I>>>,
    last_used: AtomicU64,
}

struct Current<I> {
    instance: Arc<I>,
    updated: EpochMillis,
    grafana_config: GrafanaConfig,
}

impl<I: Send + Sync + 'static> Instances<I> {
    pub(crate) fn single(instance: I) -> Self {
        Self::of(Source::Single(Arc::new(instance)), 1)
    }

    pub(crate) fn made<F, Fut>(most: usize, make: F) -> Self
    where
        F: Fn(InstanceContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<I, InstanceError>> + Send + 'static,
    {
        Self::of(Source::Made(Box::new(move |cx| Box::pin(make(cx)))), most)
    }

    fn of(source: Source<I>, most: usize) -> Self {
        Self { source, most, slots: Mutex::default(), clock: AtomicU64::new(0), made: AtomicU64::new(0) }
    }

    pub(crate) const fn set_most(&mut self, most: usize) {
        self.most = most;
    }

    /// How many instances are kept now, and how many were made since the start.
    pub(crate) fn counts(&self) -> (u64, u64) {
        match &self.source {
            Source::Single(_) => (1, 1),
            Source::Made(_) => (self.slots().len() as u64, self.made.load(Ordering::Relaxed)),
        }
    }

    /// The instance for a request.
    pub(crate) async fn of_request(&self, cx: &RequestContext) -> Result<Arc<I>, InstanceError> {
        let make = match &self.source {
            Source::Single(instance) => return Ok(Arc::clone(instance)),
            Source::Made(make) => make,
        };
        let (key, updated) = key_of(cx)?;
        let slot = self.slot(key);
        let mut current = slot.current.lock().await;
        if let Some(found) = current.as_ref()
            && found.updated == updated
            && found.grafana_config == cx.plugin.grafana_config
        {
            return Ok(Arc::clone(&found.instance));
        }
        let instance = Arc::new(make(instance_context(&cx.plugin, cx.call.tenant())).await?);
        self.made.fetch_add(1, Ordering::Relaxed);
        *current = Some(Current {
            instance: Arc::clone(&instance),
            updated,
            grafana_config: cx.plugin.grafana_config.clone(),
        });
        Ok(instance)
    }

    fn slot(&self, key: String) -> Arc<Slot<I>> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut slots = self.slots();
        let slot = Arc::clone(slots.entry(key).or_insert_with(|| {
            Arc::new(Slot { current: AsyncMutex::new(None), last_used: AtomicU64::new(now) })
        }));
        slot.last_used.store(now, Ordering::Relaxed);
        while slots.len() > self.most.max(1) {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.last_used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            slots.remove(&oldest);
        }
        slot
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot<I>>>> {
        // Nothing that panics runs under this lock, and a map is never half changed.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of the Go SDK: numeric id (not uid), tenant and a mark of the proxy's key for data sources; tenant, plugin
/// and organisation for apps.
fn key_of(cx: &RequestContext) -> Result<(String, EpochMillis), InstanceError> {
    let (plugin, tenant) = (&cx.plugin, cx.call.tenant());
    if let Some(settings) = &plugin.data_source {
        let key = format!("{}#{tenant}#{}", settings.id, proxy_mark(&plugin.grafana_config));
        return Ok((key, settings.updated));
    }
    if let Some(settings) = &plugin.app {
        return Ok((format!("{tenant}#{}#{}", plugin.plugin_id, plugin.org_id), settings.updated));
    }
    Err(InstanceError::new(
        "the request names no data source and no app, so there are no settings to work with; call it for a data source",
    ))
}

/// Tells proxy keys apart without keeping them: the last characters of the key's text.
fn proxy_mark(config: &GrafanaConfig) -> String {
    const KEY: &str = "GF_SECURE_SOCKS_DATASOURCE_PROXY_CLIENT_KEY_VAL";
    let body: Vec<char> = config
        .get(KEY)
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::chars)
        .filter(char::is_ascii_alphanumeric)
        .collect();
    body.iter().skip(body.len().saturating_sub(4)).collect()
}

fn instance_context(plugin: &PluginContext, tenant: &str) -> InstanceContext {
    InstanceContext {
        plugin_id: plugin.plugin_id.clone(),
        tenant: tenant.to_owned(),
        data_source: plugin.data_source.clone(),
        app: plugin.app.clone(),
        grafana_config: plugin.grafana_config.clone(),
    }
}

#[cfg(test)]
mod tests;
