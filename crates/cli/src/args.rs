//! The command line as a whole: global flags and the list of commands. The arguments of a command stand beside what
//! it does. This file deliberately checks nothing that needs a look at a file or a plugin.

use clap::{Parser, Subcommand};

use crate::failure::EXIT_CODES;
use crate::{
    admission, conformance, conversion, frame, health, inspect, metrics, query, record, replay, resource,
    route, smoke, stream, workbench,
};

/// Look at Grafana backend plugins and data frames without Grafana.
#[derive(Debug, Parser)]
#[command(name = "graftwire", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Cli {
    /// Print JSON for programs instead of text for people; errors come as JSON on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a plugin and tell what it is: handshake, capabilities, health, start time, memory, log.
    Inspect(inspect::InspectArgs),
    /// Run data queries and print the answer.
    Query(query::QueryArgs),
    /// Call a plugin's resource and print the answer's body.
    Resource(resource::ResourceArgs),
    /// Subscribe to a live channel and print its packets as they come.
    Stream(stream::StreamArgs),
    /// Ask an app whether it accepts an object, and what becomes of it.
    Admission(admission::AdmissionArgs),
    /// Let an app convert objects to another version of their API group.
    Conversion(conversion::ConversionArgs),
    /// Call a custom route of an app and print the answer's body.
    Route(route::RouteArgs),
    /// Ask a plugin (or one data source of it) whether it works.
    Health(health::HealthArgs),
    /// Print a plugin's own metrics in Prometheus text form.
    Metrics(metrics::MetricsArgs),
    /// Check that a plugin keeps the protocol: handshake, life, go-plugin's services, limits, answers.
    Conformance(conformance::ConformanceArgs),
    /// Stand between a host and a plugin, and write every call to a file.
    Record(record::RecordArgs),
    /// Make the calls of a recording to a plugin, and compare its answers.
    Replay(replay::ReplayArgs),
    /// Try a plugin's main job once: start, health, a query that gives rows, a live packet, stop.
    Smoke(smoke::SmokeArgs),
    /// Run plugins and look at them on a page: live panels, queries, logs, process figures.
    Workbench(workbench::WorkbenchArgs),
    /// Show data frames, or convert them between Arrow, JSON and CSV.
    Frame(frame::FrameArgs),
}
