use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::super::testing::{Memory, Recorder, START, answer, request};
use super::super::{ScrapeLimits, Scraper, Target, TargetSettings, TargetStatus, targets_from_settings};
use super::*;

fn target(seconds: f64) -> Target {
    let entry = TargetSettings {
        job: "j".to_owned(),
        url: "http://u:s3cret@h:1/m?token=s3cret".to_owned(),
        interval_seconds: Some(seconds),
        labels: None,
    };
    targets_from_settings(&[entry], Duration::ZERO).0.remove(0)
}

fn start(memory: &Memory, targets: Vec<Target>) -> (Arc<Recorder>, Scraper) {
    let sink = Arc::new(Recorder::default());
    (sink.clone(), Scraper::start_in(memory, sink, targets, ScrapeLimits::default()))
}

fn times(sink: &Recorder, series: &str) -> Vec<String> {
    sink.samples(series).into_iter().map(|(at, value)| format!("{at} {value}")).collect()
}

const UP: &str = r#"up{instance="h:1", job="j"}"#;
const A: &str = r#"a{instance="h:1", job="j"}"#;

#[tokio::test(start_paused = true)]
async fn a_target_is_scraped_at_its_interval_and_its_outage_shows() {
    let memory = Memory::pages(&["a 1\n", "a 2\n", "", "a 4\n"]);
    let (sink, scraper) = start(&memory, vec![target(15.0)]);
    tokio::time::sleep(Duration::from_secs(46)).await;
    assert_eq!(times(&sink, UP), ["0 1", "15 1", "30 0", "45 1"]);
    assert_eq!(times(&sink, A), ["0 1", "15 2", "30 end", "45 4"]);
    let status: TargetStatus = scraper.status().remove(0);
    assert_eq!((status.last_scrape, status.last_error), (Some(START + 45_000), None));
    assert_eq!(sink.kept().metadata["up"].kind.name(), "gauge");
}

#[tokio::test(start_paused = true)]
async fn the_reason_of_an_outage_is_kept_without_secrets() {
    let memory = Memory::pages(&["a 1\n", "a 1\nb {\n"]);
    let (sink, scraper) = start(&memory, vec![target(15.0)]);
    assert_eq!(scraper.status()[0].problem(), None);
    assert!(!scraper.status()[0].is_up());
    tokio::time::sleep(Duration::from_secs(16)).await;
    let status = scraper.status().remove(0);
    assert_eq!(
        status.problem().unwrap(),
        "j at h:1 is down: line 2: found the end of the line, expected a label's name, or }"
    );
    assert_eq!((status.last_success, status.last_scrape), (Some(START), Some(START + 15_000)));
    // What was read before the fault counts, as in Prometheus.
    assert_eq!(times(&sink, r#"scrape_samples_scraped{instance="h:1", job="j"}"#), ["0 1", "15 1"]);
    let shown = format!("{scraper:?} {status:?}") + &sink.names().join(" ");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_target_times_out_in_each_phase() {
    for (phase, interval, after) in [
        ("waiting for the answer", 15.0, "10"),
        ("waiting for the answer", 2.0, "2"),
        ("reading the page", 15.0, "10"),
        ("reading the page", 1.5, "1.5"),
    ] {
        let memory = Memory::new(move |_, mut stream| async move {
            request(&mut stream).await?;
            if phase == "reading the page" {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\na 1\n").await?;
            }
            std::future::pending().await
        });
        let (sink, scraper) = start(&memory, vec![target(interval)]);
        tokio::time::sleep(Duration::from_secs(11)).await;
        let status = scraper.status().remove(0);
        assert_eq!(status.last_error.unwrap(), format!("timed out {phase} after {after} s"));
        assert_eq!(status.samples, usize::from(phase == "reading the page"));
        assert_eq!(times(&sink, UP)[0], "0 0");
        assert_eq!(times(&sink, A), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_drip_does_not_outlast_the_timeout() {
    let memory = Memory::new(|_, mut stream| async move {
        request(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stream.write_all(b"a 1\n").await?;
        }
    });
    let (_, scraper) = start(&memory, vec![target(15.0)]);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(scraper.status()[0].last_error.as_deref(), Some("timed out reading the page after 10 s"));
}

#[tokio::test(start_paused = true)]
async fn a_target_never_has_two_scrapes_at_once() {
    let open = Arc::new(Mutex::new((0, 0)));
    let seen = open.clone();
    let memory = Memory::new(move |number, mut stream| {
        let open = open.clone();
        async move {
            {
                let mut open = open.lock().unwrap();
                open.0 += 1;
                open.1 = open.1.max(open.0);
            }
            request(&mut stream).await?;
            // Every second one takes just not long enough to time out.
            tokio::time::sleep(Duration::from_millis(if number % 2 == 0 { 999 } else { 1 })).await;
            answer(&mut stream, "text/plain", "a 1\n").await?;
            open.lock().unwrap().0 -= 1;
            Ok(())
        }
    });
    let (sink, _scraper) = start(&memory, vec![target(1.0)]);
    tokio::time::sleep(Duration::from_millis(9_500)).await;
    assert_eq!(seen.lock().unwrap().1, 1);
    assert_eq!(times(&sink, UP).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn first_scrapes_are_spread() {
    let memory = Memory::pages(&["a 1\n"]);
    let (_sink, scraper) = start(&memory, vec![target(60.0), target(60.0), target(4.0), target(60.0)]);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let firsts: Vec<_> = scraper.status().iter().map(|status| status.last_scrape.unwrap() - START).collect();
    assert_eq!(firsts, [0, 2_500, 10_000, 7_500]);
}

#[tokio::test(start_paused = true)]
async fn stopped_it_ends_every_series_and_dropped_it_just_leaves() {
    let memory = Memory::pages(&["a 1\n"]);
    let (sink, scraper) = start(&memory, vec![target(15.0)]);
    tokio::time::sleep(Duration::from_secs(20)).await;
    scraper.stop().await;
    assert_eq!(times(&sink, A), ["0 1", "15 1", "20 end"]);
    assert_eq!(times(&sink, UP), ["0 1", "15 1", "20 end"]);

    let (sink, scraper) = start(&memory, vec![target(15.0)]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(scraper);
    let connections = *memory.connections.lock().unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(*memory.connections.lock().unwrap(), connections);
    assert_eq!(times(&sink, A).len(), 1);
    assert_eq!(Arc::strong_count(&sink), 1, "no task holds the sink");
}

#[tokio::test(start_paused = true)]
async fn a_scrape_in_flight_ends_with_the_scraper() {
    let memory = Memory::new(|_, mut stream| async move {
        request(&mut stream).await?;
        std::future::pending().await
    });
    let (sink, scraper) = start(&memory, vec![target(15.0)]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    scraper.stop().await;
    assert_eq!(times(&sink, UP), [""; 0]);
    assert_eq!(Arc::strong_count(&sink), 1);
}

#[tokio::test(start_paused = true)]
async fn times_are_even_until_the_clock_is_set() {
    let memory = Memory::pages(&["a 1\n"]);
    let (sink, _scraper) = start(&memory, vec![target(15.0)]);
    for (second, shift) in [(20, 2), (35, -2), (50, 3), (65, 5000), (80, 5002)] {
        tokio::time::sleep_until(memory.started() + Duration::from_secs(second - 10)).await;
        *memory.shift.lock().unwrap() = shift;
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let times: Vec<_> = sink.samples(UP).into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0.0, 15.0, 30.0, 45.003, 65.0, 80.0]);
}

#[tokio::test(start_paused = true)]
async fn the_request_asks_for_plain_text_once() {
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = seen.clone();
    let memory = Memory::new(move |_, mut stream| {
        let kept = kept.clone();
        async move {
            *kept.lock().unwrap() = request(&mut stream).await?;
            answer(&mut stream, "text/plain", "").await
        }
    });
    let (_, _scraper) = start(&memory, vec![target(2.0)]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "GET /m?token=s3cret HTTP/1.1\r\n\
         host: h:1\r\n\
         accept: text/plain;version=0.0.4;q=1,*/*;q=0.1\r\n\
         accept-encoding: identity\r\n\
         connection: close\r\n\
         user-agent: Graftwire/{version}\r\n\
         x-prometheus-scrape-timeout-seconds: 2\r\n\
         authorization: Basic dTpzM2NyZXQ=\r\n\r\n"
    );
    assert_eq!(*seen.lock().unwrap(), expected);
}
