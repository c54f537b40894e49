use super::*;

fn found(line: &str) -> usize {
    check(&Workspace::of_files([("a.txt", line)])).len()
}

#[test]
fn registry_hosts_are_found() {
    assert_eq!(found(&format!("https://{}.{}/x", HOSTS[2].0, HOSTS[2].1)), 1);
    assert_eq!(found("the registry crates-io"), 0);
}

#[test]
fn folders_of_one_machine_are_found() {
    let path = |folder: &str, rest: &str| format!("cd /{folder}/{rest}");
    assert_eq!(found(&path("home", "ada/x")), 1);
    assert_eq!(found(&path("root", "x")), 1);
    assert_eq!(found(&path("tmp", "x")), 0);
    assert_eq!(found("see /home and docs/home/page.html"), 0);
    assert_eq!(found("http://localhost/home/page"), 0);
}
