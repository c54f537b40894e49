//! The plugin's process for one check: started with an environment made for it, its line read, its connection opened.
//!
//! It deliberately goes around `graftwire_host::Plugin`, which would repair or refuse what is to be seen here.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use graftwire_host::{Link, LinkOptions, LogBook, PluginSpec, RpcChannel};
use graftwire_model::{
    Backend, CallContext, DataSourceInstanceSettings, PluginContext, Query, QueryRequest, TimeRange, User,
};
use graftwire_protocol::handshake::{HostOffer, Negotiated, accept, environment_of};
use graftwire_transport::tls::{Identity, PeerCertificate, Tls};
use graftwire_transport::{Connection, dial};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::Miss;

/// How long one check may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long a plugin may take to its line, or to leave without one.
const START: Duration = Duration::from_secs(10);

/// The plugin under test.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) spec: PluginSpec,
    sockets: tempfile::TempDir,
}

impl Subject {
    pub(super) fn new(spec: PluginSpec) -> io::Result<Self> {
        Ok(Self { spec, sockets: tempfile::tempdir()? })
    }

    pub(super) fn executable(&self) -> &Path {
        self.spec.executable()
    }

    /// Where the plugin's sockets go.
    pub(super) fn sockets(&self) -> PathBuf {
        self.sockets.path().to_owned()
    }

    /// What Grafana 12.4 offers, and a folder for sockets.
    pub(super) fn offer(&self) -> HostOffer {
        let mut offer = HostOffer::of_host();
        offer.versions = vec![2];
        offer.socket_dir = Some(self.sockets().to_string_lossy().into_owned());
        offer
    }

    /// The plugin with its connection, started with what Grafana offers.
    pub(super) async fn open(&self) -> Result<Opened, Miss> {
        self.open_with(self.offer()).await
    }

    pub(super) async fn open_with(&self, offer: HostOffer) -> Result<Opened, Miss> {
        let started = Started::new(self, &environment(&offer)).await?;
        started.open(&offer).await
    }

    /// The plugin over go-plugin's AutoMTLS.
    pub(super) async fn open_encrypted(&self) -> Result<Opened, Miss> {
        let failed = |error: graftwire_transport::tls::TlsError| Miss::Untried(error.to_string());
        let own = Identity::generate().map_err(failed)?;
        let mut offer = self.offer();
        offer.client_cert = Some(own.pem());
        let started = Started::new(self, &environment(&offer)).await?;
        let line = started.line.clone().ok_or("it does not start")?;
        let agreed = accept(&line, &offer).map_err(|_| "no certificate in the line")?;
        let cert = agreed.server_cert.clone().unwrap_or_default();
        let peer = PeerCertificate::of_base64(&cert).map_err(|_| "the certificate can't be read")?;
        let tls = Tls::new(&own, peer).map_err(failed)?;
        let connection = dial(agreed.network, &agreed.address).await.map_err(|_| "nobody listens")?;
        let connection = tls.connect(connection).await.map_err(|_| "the TLS handshake fails")?;
        started.link(connection, agreed).await
    }

    /// Who asks.
    pub(super) fn context(&self) -> PluginContext {
        let data_source = DataSourceInstanceSettings {
            id: 1,
            uid: "conformance".to_owned(),
            name: "Conformance".to_owned(),
            json_data: "{}".into(),
            ..DataSourceInstanceSettings::default()
        };
        PluginContext {
            org_id: 1,
            plugin_id: self.spec.id().to_owned(),
            user: Some(User { login: "admin".to_owned(), role: "Admin".to_owned(), ..User::default() }),
            data_source: Some(data_source),
            ..PluginContext::default()
        }
    }

    /// A query with a range of the hour from 2023-11-14T22:13:20Z.
    pub(super) fn query(&self, ref_id: &str, query_type: &str, json: &str) -> Query {
        let from = 1_700_000_000_000;
        Query {
            ref_id: ref_id.to_owned(),
            query_type: query_type.to_owned(),
            max_data_points: 100,
            time_range: TimeRange {
                from: graftwire_model::EpochMillis(from),
                to: graftwire_model::EpochMillis(from + 3_600_000),
            },
            json: json.to_owned().into(),
            ..Query::default()
        }
    }

    pub(super) fn request(&self, queries: Vec<Query>) -> QueryRequest {
        QueryRequest { context: self.context(), queries, ..QueryRequest::default() }
    }
}

pub(super) fn environment(offer: &HostOffer) -> Vec<(String, String)> {
    let mut all = vec![("GF_VERSION".to_owned(), "12.4.0".to_owned())];
    all.extend(environment_of(offer).into_iter().map(|(name, value)| (name.to_owned(), value)));
    all
}

/// A process, and the first line it printed.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) line: Option<String>,
    stdout: BufReader<ChildStdout>,
}

impl Started {
    pub(super) async fn new(subject: &Subject, environment: &[(String, String)]) -> Result<Self, Miss> {
        let mut command = Command::new(subject.executable());
        command.env_clear().envs(environment.iter().cloned());
        Self::spawn(command, Stdio::null()).await
    }

    pub(super) async fn spawn(mut command: Command, stderr: Stdio) -> Result<Self, Miss> {
        let failed = |error: io::Error| Miss::Untried(format!("it can't be started: {error}"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let stdout = child.stdout.take().ok_or_else(|| Miss::Untried("it has no output".to_owned()))?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let read = tokio::time::timeout(START, stdout.read_line(&mut line)).await;
        let line = matches!(read, Ok(Ok(bytes)) if bytes > 0).then(|| line.trim_end().to_owned());
        Ok(Self { child, line, stdout })
    }

    /// Waits for the end, and gives what was printed after the first line.
    pub(super) async fn end(&mut self, patience: Duration) -> Option<(ExitStatus, String)> {
        let exit = tokio::time::timeout(patience, self.child.wait()).await.ok()?.ok()?;
        let mut rest = String::new();
        // What is no text is no handshake either; it shows as an end.
        let _ = self.stdout.read_to_string(&mut rest).await;
        Some((exit, rest))
    }

    pub(super) async fn open(self, offer: &HostOffer) -> Result<Opened, Miss> {
        let line = self.line.clone().ok_or("it does not start")?;
        let agreed = accept(&line, offer).map_err(|error| error.to_string())?;
        let connection =
            dial(agreed.network, &agreed.address).await.map_err(|_| "nobody listens at the address")?;
        self.link(connection, agreed).await
    }

    async fn link(self, connection: Connection, agreed: Negotiated) -> Result<Opened, Miss> {
        let mut options = LinkOptions::default();
        (options.attends, options.pulse) = (false, None);
        let book = LogBook::new("conformance", 1);
        let link = Link::open(connection, agreed.version, &options, &book).await.map_err(|_| "no HTTP/2")?;
        Ok(Opened { process: self, link, agreed })
    }
}

/// A plugin that can be asked.
pub(super) struct Opened {
    pub(super) process: Started,
    pub(super) agreed: Negotiated,
    link: Link,
}

impl Opened {
    pub(super) fn backend(&self) -> std::sync::Arc<dyn Backend> {
        self.link.backend()
    }

    pub(super) fn channel(&self) -> RpcChannel {
        self.link.channel()
    }

    /// Makes any call with one message, and gives the messages of the answer, or gRPC's code.
    pub(super) async fn raw(
        &self,
        method: &'static str,
        message: &'static [u8],
    ) -> Result<Vec<bytes::Bytes>, i32> {
        super::services::raw_call(self.channel(), method, bytes::Bytes::from_static(message)).await
    }
}

/// A deadline for one call.
pub(super) fn soon() -> CallContext {
    CallContext::new().with_deadline(std::time::Instant::now() + Duration::from_secs(10))
}
