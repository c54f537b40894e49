//! The network: interfaces, protocols and sockets.
//!
//! Of the protocols' counters it deliberately takes only those that node_exporter takes.

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;
use crate::store::MetricType;

/// In the order of the kernel's columns.
const COLUMNS: [Metric; 16] = [
    Metric::counter("node_network_receive_bytes_total", "Bytes received."),
    Metric::counter("node_network_receive_packets_total", "Packets received."),
    Metric::counter("node_network_receive_errs_total", "Packets received with errors."),
    Metric::counter("node_network_receive_drop_total", "Packets received and dropped."),
    Metric::counter("node_network_receive_fifo_total", "Packets lost since the receive buffer overflowed."),
    Metric::counter("node_network_receive_frame_total", "Packets received with framing errors."),
    Metric::counter("node_network_receive_compressed_total", "Compressed packets received."),
    Metric::counter("node_network_receive_multicast_total", "Multicast packets received."),
    Metric::counter("node_network_transmit_bytes_total", "Bytes sent."),
    Metric::counter("node_network_transmit_packets_total", "Packets sent."),
    Metric::counter("node_network_transmit_errs_total", "Packets that couldn't be sent for errors."),
    Metric::counter("node_network_transmit_drop_total", "Packets dropped before they were sent."),
    Metric::counter("node_network_transmit_fifo_total", "Packets lost since the send buffer overflowed."),
    Metric::counter("node_network_transmit_colls_total", "Collisions."),
    Metric::counter("node_network_transmit_carrier_total", "Packets lost with the carrier."),
    Metric::counter("node_network_transmit_compressed_total", "Compressed packets sent."),
];

/// `/proc/net/dev`.
#[derive(Debug)]
pub(super) struct Interfaces;

impl Source for Interfaces {
    fn name(&self) -> &'static str {
        "netdev"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("net/dev");
        let text = files::read(&path)?;
        files::each_line(&path, &text, "an interface and sixteen numbers", |line| {
            // The two lines above the table have bars.
            if line.contains('|') {
                return Some(());
            }
            let (device, numbers) = line.rsplit_once(':')?;
            let numbers: Option<Vec<f64>> = numbers.split_ascii_whitespace().map(files::number).collect();
            let numbers = numbers.filter(|numbers| numbers.len() >= COLUMNS.len())?;
            for (metric, value) in COLUMNS.iter().zip(numbers) {
                sink.put(metric, &[("device", device.trim())], value);
            }
            Some(())
        })
    }
}

const DEVICE_UP: Metric = Metric::gauge("node_network_up", "Whether the interface is up.");
const CARRIER: Metric = Metric::gauge("node_network_carrier", "Whether the interface has a carrier.");
const MTU: Metric = Metric::gauge("node_network_mtu_bytes", "The largest packet the interface sends.");
const SPEED: Metric = Metric::gauge("node_network_speed_bytes", "Bytes a second the interface can send.");

/// `/sys/class/net`.
#[derive(Debug)]
pub(super) struct Devices;

impl Source for Devices {
    fn name(&self) -> &'static str {
        "netclass"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let folder = roots.sys("class/net");
        for device in files::list(&folder)? {
            let labels = [("device", device.as_str())];
            let folder = folder.join(&device);
            // A folder without it is no interface, such as `bonding_masters`.
            let Some(state) = files::read_word(&folder.join("operstate")) else { continue };
            sink.put(&DEVICE_UP, &labels, f64::from(state == "up"));
            for (metric, file, worth) in
                [(&CARRIER, "carrier", 1.0), (&MTU, "mtu", 1.0), (&SPEED, "speed", 125_000.0)]
            {
                // Interfaces without such a thing refuse to tell, or say -1.
                if let Some(value) = files::read_number(&folder.join(file)).filter(|value| *value >= 0.0) {
                    sink.put(metric, &labels, value * worth);
                }
            }
        }
        Ok(())
    }
}

/// `/proc/net/netstat`, `/proc/net/snmp` and `/proc/net/snmp6`.
#[derive(Debug)]
pub(super) struct Protocols;

impl Source for Protocols {
    fn name(&self) -> &'static str {
        "netstat"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let mut first = Ok(());
        for file in ["net/netstat", "net/snmp"] {
            first = first.and(take_pairs(roots, file, sink));
        }
        // A machine without IPv6 lacks it.
        match take_columns(roots, sink) {
            Err(error) if !error.is_absence() => first.and(Err(error)),
            _ => first,
        }
    }
}

/// Two lines per protocol: names, then values.
fn take_pairs(roots: &Roots, file: &str, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let path = roots.proc(file);
    let text = files::read(&path)?;
    let mut names: Option<&str> = None;
    let text = text.as_str();
    let mut lines = text.lines();
    files::each_line(&path, text, "a protocol and as many values as names", |_| {
        let line = lines.next()?;
        let Some(head) = names.take() else {
            names = Some(line);
            return Some(());
        };
        let ((protocol, names), (again, values)) = (head.split_once(':')?, line.split_once(':')?);
        let (names, values) = (names.split_ascii_whitespace(), values.split_ascii_whitespace());
        if protocol != again || names.clone().count() != values.clone().count() {
            return None;
        }
        names.zip(values).try_for_each(|(name, value)| take_counter(protocol, name, value, sink))
    })
}

/// One line per counter: protocol and name in one word.
fn take_columns(roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let path = roots.proc("net/snmp6");
    let text = files::read(&path)?;
    files::each_line(&path, &text, "a counter and its value", |line| {
        let (word, value) = line.split_once(|letter: char| letter.is_ascii_whitespace())?;
        let protocol =
            ["Ip6", "Icmp6", "UdpLite6", "Udp6"].into_iter().find(|protocol| word.starts_with(protocol));
        let Some(protocol) = protocol else { return Some(()) };
        take_counter(protocol, word.strip_prefix(protocol)?, value.trim(), sink)
    })
}

fn take_counter(protocol: &str, name: &str, value: &str, sink: &mut Sink<'_>) -> Option<()> {
    let value = files::number(value)?;
    if is_wanted(protocol, name) {
        let help = || format!("The counter {name} of the protocol {protocol}.");
        sink.put_named(&format!("node_netstat_{protocol}_{name}"), MetricType::Unknown, help, &[], value);
    }
    Some(())
}

fn is_wanted(protocol: &str, name: &str) -> bool {
    if matches!(name, "InErrors" | "InErrs") {
        return true;
    }
    match protocol {
        "Ip" => name == "Forwarding",
        "Ip6" | "IpExt" => matches!(name, "InOctets" | "OutOctets"),
        "Icmp" | "Icmp6" => matches!(name, "InMsgs" | "OutMsgs"),
        "TcpExt" => {
            name.starts_with("Listen")
                || name.starts_with("Syncookies")
                || matches!(name, "TCPSynRetrans" | "TCPTimeouts" | "TCPOFOQueue" | "TCPRcvQDrop")
        }
        "Tcp" => matches!(
            name,
            "ActiveOpens" | "InSegs" | "OutSegs" | "OutRsts" | "PassiveOpens" | "RetransSegs" | "CurrEstab"
        ),
        "Udp" | "Udp6" => {
            matches!(name, "InDatagrams" | "OutDatagrams" | "NoPorts" | "RcvbufErrors" | "SndbufErrors")
        }
        _ => false,
    }
}

/// `/proc/net/sockstat`.
#[derive(Debug)]
pub(super) struct Sockets;

impl Source for Sockets {
    fn name(&self) -> &'static str {
        "sockstat"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("net/sockstat");
        let text = files::read(&path)?;
        files::each_line(&path, &text, "a protocol, then names and numbers", |line| {
            let (protocol, rest) = line.split_once(':')?;
            let mut words = rest.split_ascii_whitespace();
            while let Some(name) = words.next() {
                let value = files::number(words.next()?)?;
                let help = || format!("The figure {name} of the sockets of {protocol}.");
                sink.put_named(
                    &format!("node_sockstat_{protocol}_{name}"),
                    MetricType::Gauge,
                    help,
                    &[],
                    value,
                );
            }
            Some(())
        })
    }
}
