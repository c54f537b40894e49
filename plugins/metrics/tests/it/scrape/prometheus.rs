//! The same pages scraped by Debian's Prometheus and by us: the same series, or refused by both.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use graftwire_metrics::scrape::{ScrapeLimits, TargetSettings, targets_from_settings};
use graftwire_metrics::series::{METRIC_NAME, SelectLimits, SeriesSource};

use super::server::{Server, answer};
use super::{Bench, scrape};
use crate::promql::compare::{Outcome, When};
use crate::promql::server::Prometheus;

/// Pages one by one. What only one of the two tolerates isn't among them: blanks around a line, CR behind it, a
/// timestamp below zero, an exemplar in the text format (we do); a missing comma between labels, a raw line break in a
/// value (Prometheus).
const PAGES: &[&str] = &[
    "",
    "a 1",
    "a 1\n",
    "\n\na \t 1\n",
    "a{} 1\n",
    "a{}1\n",
    "a {x=\"1\"} 1\n",
    "a{ x = \"1\" , y = \"2\" , } 1\n",
    "a{x=\"1\",x=\"2\"} 1\n",
    "a{__name__=\"b\"} 1\n",
    "a{x=\"\"} 1\n",
    "a{x=\"{}\\\"\\\\\\n,#=\\d}\"} 1\n",
    "a{x=\"ä 🦀\"} 1\n",
    "a:b{x_1=\"\"} 1\n",
    "a{x:y=\"1\"} 1\n",
    "1a 1\n",
    "a-b 1\n",
    "{x=\"1\"} 1\n",
    "a{x='1'} 1\n",
    "a{x=\"1\" 1\n",
    "a{x=\"1} 1\n",
    "a{x=1} 1\n",
    "a{,} 1\n",
    "a{x=\"1\",,} 1\n",
    "a\n",
    "a one\n",
    "a 1 2 3\n",
    "a 1 x\n",
    "a 1 1.5\n",
    "a 1_000\n",
    "a 0x10\n",
    "a 1e999\n",
    "a NaN\nb +Inf\nc -Inf\nd Inf\ne nan\nf -0\ng 1e-400\nh 1.7976931348623157e308\ni .5\nj 5.\nk +1\n",
    "a{job=\"theirs\",instance=\"theirs\",exported_job=\"more\"} 1\n",
    "a{exported_job=\"more\",job=\"theirs\",exported_exported_job=\"most\"} 1\n",
    "a{job=\"\",exported_job=\"more\"} 1\n",
    "a{room=\"theirs\",exported_room=\"\"} 1\n",
    "# TYPE a gauge\n# HELP a It's \\\\ a\\nthing\n#a comment\n# another\n#\na 1\n",
    "# TYPE a thing\na 1\n",
    "# TYPE a untyped\na 1\n",
    "# HELP\na 1\n",
    "# HELP a\na 1\n",
    "# HELP 1a\na 1\n",
    "# TYPE\na 1\n",
    "# TYPE a\na 1\n",
    "# TYPE a \na 1\n",
    "#TYPE a thing\n# TYPER a thing\n# type a thing\na 1\n",
    "# EOF\na 1\n# UNIT a s\n",
    "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
    "a 1\na 2\n",
    "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\n",
    "a 1\n<html>\n",
    "a 1 1000\n",
];

/// Series by their labels, `up` among them; of the reports on scrapes nothing else.
type Series = BTreeMap<BTreeMap<String, String>, String>;

fn is_compared(labels: &BTreeMap<String, String>) -> bool {
    !labels.get(METRIC_NAME).is_some_and(|name| name.starts_with("scrape_"))
}

fn theirs(server: &Prometheus) -> Series {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    // A second in the future, since a scrape may just have been.
    match server.query("{job=~\"page.*\"}", When::At(now.as_millis() as i64 + 1000)) {
        Outcome::Series(_, series) => series
            .into_iter()
            .filter(|(labels, _)| is_compared(labels))
            .map(|(labels, points)| (labels, points[0].1.to_string()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn ours(bench: &Bench) -> Series {
    let select = bench.store.select(&[], i64::MIN, i64::MAX, SelectLimits::default());
    let pairs = select.unwrap().into_iter().map(|series| {
        let labels = series.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        (labels.collect(), series.samples.last().unwrap().value.to_string())
    });
    pairs.filter(|(labels, _)| is_compared(labels)).collect()
}

fn pages() -> Server {
    Server::start("127.0.0.1:0", |head, stream| {
        let number = head.split(['/', ' ']).nth(2).and_then(|number| number.parse::<usize>().ok());
        stream.write_all(&answer(number.and_then(|number| PAGES.get(number)).expect("a page that exists")))
    })
    .unwrap()
}

fn configuration(pages: &Server) -> String {
    let jobs = (0..PAGES.len()).map(|number| {
        format!(
            "- {{job_name: page{number}, metrics_path: /{number}, scrape_interval: 1s, scrape_timeout: 1s, \
             static_configs: [{{targets: ['{}'], labels: {{room: lab}}}}]}}\n",
            pages.address()
        )
    });
    format!("scrape_configs:\n{}", jobs.collect::<String>())
}

fn settings(pages: &Server) -> Vec<TargetSettings> {
    let entry = |number| TargetSettings {
        job: format!("page{number}"),
        url: format!("http://{}/{number}", pages.address()),
        interval_seconds: Some(1.0),
        labels: Some([("room".to_owned(), "lab".to_owned())].into()),
    };
    (0..PAGES.len()).map(entry).collect()
}

#[tokio::test]
async fn the_same_series_of_the_same_pages() {
    let pages = pages();
    let server = match Prometheus::start_with(&configuration(&pages)) {
        Ok(server) => server,
        Err(why) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("no Prometheus: {why}"),
        Err(why) => return println!("NOT RUN: no Prometheus to compare with: {why}"),
    };
    let (targets, errors) = targets_from_settings(&settings(&pages), Duration::ZERO);
    assert!(errors.is_empty(), "{errors:?}");
    let bench = Bench::start(targets, ScrapeLimits::default());
    bench.scraped().await;
    let ours = ours(&bench);

    let begun = Instant::now();
    let theirs = loop {
        let theirs = theirs(&server);
        let ups = theirs.keys().filter(|labels| labels[METRIC_NAME] == "up").count();
        if ups == PAGES.len() {
            break theirs;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{ups} of {} pages scraped", PAGES.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    };

    let mut wrong = Vec::new();
    for (number, page) in PAGES.iter().enumerate() {
        let of_page = |series: &Series| -> Series {
            let job = format!("page{number}");
            series
                .iter()
                .filter(|(labels, _)| labels["job"] == job)
                .map(|(l, v)| (l.clone(), v.clone()))
                .collect()
        };
        let (ours, theirs) = (of_page(&ours), of_page(&theirs));
        if ours != theirs {
            wrong.push(format!("{page:?}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    let up = theirs.iter().filter(|(labels, value)| labels[METRIC_NAME] == "up" && *value == "1").count();
    println!("{} pages: {up} read by both, {} refused by both", PAGES.len(), PAGES.len() - up);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn its_own_page_is_read() {
    let server = match Prometheus::start_with("global: {}\n") {
        Ok(server) => server,
        Err(why) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("no Prometheus: {why}"),
        Err(why) => return println!("NOT RUN: no Prometheus to scrape: {why}"),
    };
    let (bench, status) = scrape(&server.metrics_url()).await;
    assert_eq!(status.problem(), None);
    assert!(status.samples > 200, "{} samples", status.samples);
    assert_eq!(bench.last_values().len(), status.samples);
    let metadata = bench.store.metadata();
    let described = metadata.iter().find(|(name, _)| **name == *"prometheus_http_request_duration_seconds");
    assert_eq!(described.expect("it is described").1.kind.name(), "histogram");
}
