//! Every expression of the table, asked of Debian's Prometheus and of ours.
//!
//! Twice: with samples beside the edges of windows, where every version of Prometheus gives the same, and with samples
//! exactly on them, which Prometheus 2 counts and, by default, so do we. `recorded` covers Prometheus 3.

use graftwire_metrics::promql::WindowStart;

use super::compare::{Tally, When, compare, ours};
use super::dataset::{BASE, HOURS, Memory, series};
use super::expressions::EXPRESSIONS;
use super::server::Prometheus;

/// How far samples lie beside the whole seconds at which queries are evaluated, and how far queries begin beside the
/// multiples of every subquery's step.
const PLACES: [(i64, i64); 2] = [(7, 7_000), (0, 0)];

#[test]
fn answers_as_prometheus_2_does() {
    for (shift, beside) in PLACES {
        compare_all(shift, beside);
    }
}

fn compare_all(shift: i64, beside: i64) {
    let server = match Prometheus::start() {
        Ok(server) => server,
        Err(why) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("no Prometheus: {why}"),
        Err(why) => return println!("NOT RUN: no Prometheus to compare with: {why}"),
    };
    let source = Memory(series(shift));
    let end = BASE + HOURS * 3_600_000;
    server.write(&source.0, BASE, end);

    let whens = [
        When::At(BASE + 25 * 60_000 + beside),
        When::At(BASE + 3 * 3_600_000 + beside),
        When::At(end + 2 * 60_000 + beside),
        When::Range(BASE + 5 * 60_000 + beside, BASE + 45 * 60_000, 15_000),
        When::Range(BASE + 60 * 60_000 + beside, end + 10 * 60_000, 75_000),
    ];
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for expr in EXPRESSIONS {
        for when in whens {
            let (ours, theirs) = (ours(&source, expr, when, WindowStart::Closed), server.query(expr, when));
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
