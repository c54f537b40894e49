//! Cookie, versions, and the line.

use std::time::Duration;

use graftwire_protocol::handshake::{HostOffer, Multiplex, Network, parse_line};

use super::process::{Started, Subject, environment};
use super::{Check, Kept, checks, expect};

/// How long a process may take to leave when it should.
const LEAVES: Duration = Duration::from_secs(5);

pub(super) fn checks() -> Vec<Check> {
    checks!("handshake", false:
        "cookie-absent", "without the cookie it explains itself and leaves, nothing on standard output" => cookie_absent;
        "cookie-wrong", "with another cookie it leaves too" => cookie_wrong;
        "line", "with the few variables of Grafana 12.4, the first line is a handshake it accepts" => line;
        "line-only", "nothing but the line goes to standard output, up to the end" => line_only;
        "versions-highest", "of versions 1 and 2 it takes the highest it has" => versions_highest;
        "versions-none", "without a common version it says its lowest, and leaves the refusal to the host" => versions_none;
        "versions-unreadable", "an entry of the offer that is no number does not matter" => versions_unreadable;
        "unix", "it listens on a unix socket" => unix;
        "socket-dir", "the socket is in the host's folder (PLUGIN_UNIX_SOCKET_DIR)" => socket_dir;
        "multiplex-field", "asked for multiplexing, the line has its seventh field" => multiplex_field;
    )
}

async fn first_line(subject: &Subject, offer: &HostOffer) -> Result<String, super::Miss> {
    Started::new(subject, &environment(offer)).await?.line.ok_or_else(|| "no line".into())
}

async fn cookie_absent(subject: &Subject) -> Kept {
    without_cookie(subject, None).await
}

async fn cookie_wrong(subject: &Subject) -> Kept {
    without_cookie(subject, Some("another")).await
}

async fn without_cookie(subject: &Subject, cookie: Option<&str>) -> Kept {
    let mut variables = environment(&subject.offer());
    variables.retain(|(name, _)| name != "grafana_plugin_type");
    variables.extend(cookie.map(|cookie| ("grafana_plugin_type".to_owned(), cookie.to_owned())));
    let mut started = Started::new(subject, &variables).await?;
    expect(started.line.is_none(), "it serves anyone")?;
    let (exit, _) = started.end(LEAVES).await.ok_or("it stays")?;
    expect(exit.code().is_some_and(|code| code != 0), "it leaves with exit code 0")
}

async fn line(subject: &Subject) -> Kept {
    let line = first_line(subject, &subject.offer()).await?;
    let parsed = parse_line(&line).map_err(|error| error.to_string())?;
    expect(parsed.version == 2, format!("version {}", parsed.version))
}

async fn line_only(subject: &Subject) -> Kept {
    let mut opened = subject.open().await?;
    // Health makes any code of the plugin run.
    let _ = opened.backend().check_health(super::process::soon(), Default::default()).await;
    let _ = graftwire_protocol::goplugin::client::shutdown(opened.channel()).await;
    match opened.process.end(Duration::from_secs(3)).await {
        Some((_, rest)) => expect(rest.is_empty(), "more lines"),
        None => {
            let _ = opened.process.child.start_kill();
            let rest = opened.process.end(LEAVES).await.map(|(_, rest)| rest);
            expect(rest.is_some_and(|rest| rest.is_empty()), "more lines")
        }
    }
}

async fn versions_highest(subject: &Subject) -> Kept {
    let mut offer = subject.offer();
    offer.versions = vec![1, 2];
    let line = first_line(subject, &offer).await?;
    expect(line.starts_with("1|2|"), "another one")
}

async fn versions_none(subject: &Subject) -> Kept {
    let mut offer = subject.offer();
    offer.versions = vec![99];
    let line = first_line(subject, &offer).await?;
    expect(parse_line(&line).is_ok_and(|line| line.version < 99), "another line")
}

async fn versions_unreadable(subject: &Subject) -> Kept {
    let mut variables = environment(&subject.offer());
    for (name, value) in &mut variables {
        if name.ends_with("_VERSIONS") {
            "x,,2,-1".clone_into(value);
        }
    }
    let line = Started::new(subject, &variables).await?.line.ok_or("no line")?;
    expect(line.starts_with("1|2|"), "another line")
}

async fn unix(subject: &Subject) -> Kept {
    let line = first_line(subject, &subject.offer()).await?;
    let parsed = parse_line(&line).map_err(|error| error.to_string())?;
    expect(parsed.network == Network::Unix, "TCP")
}

async fn socket_dir(subject: &Subject) -> Kept {
    let line = first_line(subject, &subject.offer()).await?;
    let parsed = parse_line(&line).map_err(|error| error.to_string())?;
    expect(parsed.network == Network::Unix, "TCP")?;
    expect(std::path::Path::new(&parsed.address).starts_with(subject.sockets()), "it is elsewhere")
}

async fn multiplex_field(subject: &Subject) -> Kept {
    let mut offer = subject.offer();
    offer.multiplex = Multiplex { announced: true, wanted: true };
    let line = first_line(subject, &offer).await?;
    let parsed = parse_line(&line).map_err(|error| error.to_string())?;
    expect(parsed.multiplex.is_some(), "no seventh field")?;
    expect(parsed.multiplex == Some(true), "not supported")
}
