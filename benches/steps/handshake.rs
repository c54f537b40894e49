//! Step *handshake*: environment to line in the plugin, line to agreement in the host.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::Criterion;
use graftwire_protocol::handshake::{
    HandshakeLine, HostOffer, Network, accept, environment_of, negotiate, read_offer,
};

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("handshake");
    pace::quick(&mut group);
    let offer = HostOffer::of_host();
    let environment: HashMap<_, _> = environment_of(&offer).into_iter().collect();
    group.bench_function("plugin", |b| b.iter(|| line(black_box(&environment))));
    let line = line(&environment);
    group.bench_function("host", |b| {
        b.iter(|| (environment_of(black_box(&offer)), accept(black_box(&line), black_box(&offer))));
    });
}

fn line(environment: &HashMap<&'static str, String>) -> String {
    let offer = read_offer(|key| environment.get(key).cloned()).unwrap();
    let line = HandshakeLine {
        version: negotiate(&offer.versions, &[]).number(),
        network: Network::Unix,
        address: "/tmp/plugin1234567890".to_owned(),
        server_cert: None,
        multiplex: offer.multiplex.announced.then_some(false),
    };
    line.to_string()
}
