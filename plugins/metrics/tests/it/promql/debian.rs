//! Every expression of the table, asked of Debian's Prometheus and of ours.
//!
//! Prometheus 2 counts a sample at the very beginning of a window or of the lookback, Prometheus 3 and we don't.
//! Here no sample and no subquery step meets such an edge; `recorded` covers the edges.

use super::compare::{Tally, When, compare, ours};
use super::dataset::{BASE, HOURS, Memory, series};
use super::expressions::EXPRESSIONS;
use super::server::Prometheus;

/// Samples lie this much beside the whole seconds at which queries are evaluated.
const SHIFT: i64 = 7;
/// Queries begin this much beside the multiples of every subquery's step.
const BESIDE: i64 = 7_000;

#[test]
fn answers_as_prometheus_2_does() {
    let server = match Prometheus::start() {
        Ok(server) => server,
        Err(why) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("no Prometheus: {why}"),
        Err(why) => return println!("NOT RUN: no Prometheus to compare with: {why}"),
    };
    let source = Memory(series(SHIFT));
    let end = BASE + HOURS * 3_600_000;
    server.write(&source.0, BASE, end);

    let whens = [
        When::At(BASE + 25 * 60_000 + BESIDE),
        When::At(BASE + 3 * 3_600_000 + BESIDE),
        When::At(end + 2 * 60_000 + BESIDE),
        When::Range(BASE + 5 * 60_000 + BESIDE, BASE + 45 * 60_000, 15_000),
        When::Range(BASE + 60 * 60_000 + BESIDE, end + 10 * 60_000, 75_000),
    ];
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for expr in EXPRESSIONS {
        for when in whens {
            let (ours, theirs) = (ours(&source, expr, when), server.query(expr, when));
            if let Err(difference) = compare(&ours, &theirs, &mut tally) {
                wrong.push(format!("{expr}  ({when:?}): {difference}"));
            }
        }
    }
    println!(
        "{} expressions, {} evaluations: {} numbers equal, {} within 1e-12, {} evaluations refused by both",
        EXPRESSIONS.len(),
        EXPRESSIONS.len() * whens.len(),
        tally.exact,
        tally.near,
        tally.refused
    );
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
