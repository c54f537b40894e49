//! Who may ask, case by case.

use http::Request;

use super::Guard;

fn check(guard: &Guard, method: &str, path: &str, headers: &[(&str, &str)]) -> bool {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    guard.check(&request.body(()).unwrap()).is_ok()
}

fn local() -> Guard {
    Guard::new("127.0.0.1:0", "127.0.0.1:3333".parse().unwrap(), false)
}

#[test]
fn only_own_names_are_taken() {
    let ask = |host| check(&local(), "GET", "/", &[("host", host)]);
    for host in ["127.0.0.1:3333", "localhost:3333", "LocalHost:3333", "[::1]:3333"] {
        assert!(ask(host), "{host}");
    }
    for host in
        ["evil.example:3333", "127.0.0.1", "localhost:80", "192.168.0.7:3333", "", "localhost.evil:3333"]
    {
        assert!(!ask(host), "{host}");
    }
    assert!(!check(&local(), "GET", "/", &[]));
    assert!(!check(&local(), "GET", "/", &[("host", "localhost:3333"), ("host", "evil:3333")]));
}

#[test]
fn pages_elsewhere_can_not_ask_the_api() {
    let host = ("host", "localhost:3333");
    let path = "/api/plugins/x/restart";
    assert!(check(&local(), "POST", path, &[host, ("origin", "http://localhost:3333")]));
    // Programs that are no browsers say nothing of an origin.
    assert!(check(&local(), "POST", path, &[host]));
    for origin in ["http://evil.example", "https://localhost:3333", "http://127.0.0.1:3333", "null"] {
        assert!(!check(&local(), "POST", path, &[host, ("origin", origin)]), "{origin}");
    }
    for site in ["cross-site", "same-site"] {
        assert!(!check(&local(), "GET", "/api/plugins", &[host, ("sec-fetch-site", site)]), "{site}");
    }
    // A link to the page is no harm.
    assert!(check(&local(), "GET", "/", &[host, ("sec-fetch-site", "cross-site")]));
}

#[test]
fn a_server_for_other_machines_takes_addresses_and_the_name_it_was_given() {
    let guard = Guard::new("board.lan:80", "192.168.0.7:80".parse().unwrap(), true);
    let ask = |host| check(&guard, "GET", "/", &[("host", host)]);
    assert!(ask("192.168.0.7") && ask("board.lan") && ask("10.0.0.1:80"));
    assert!(!ask("evil.example") && !ask("192.168.0.7:81"));
}
