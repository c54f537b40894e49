use super::*;

#[test]
fn names_of_rotated_files_lead_to_the_living_one() {
    let table = [
        ("app.log", "app.log", Packing::Plain),
        ("app.log.1", "app.log", Packing::Plain),
        ("app.log.12.gz", "app.log", Packing::Gzip),
        ("app.log-20261124", "app.log", Packing::Plain),
        ("app.log-20261124.zst", "app.log", Packing::Zstd),
        ("app.log-2026-11-24.gz", "app.log", Packing::Gzip),
        ("app.log.2026-11-24", "app.log", Packing::Plain),
        ("app.log-20261124-1795480000.gz", "app.log", Packing::Gzip),
        ("syslog.1", "syslog", Packing::Plain),
        ("postgresql-15-main.log", "postgresql-15-main.log", Packing::Plain),
        ("postgresql-15-main.log.1", "postgresql-15-main.log", Packing::Plain),
        ("app-7.log", "app-7.log", Packing::Plain),
        ("worker-7", "worker-7", Packing::Plain),
        ("2026", "2026", Packing::Plain),
    ];
    for (file, name, packing) in table {
        let found = parse(&Path::new("/var/log").join(file));
        assert_eq!(found, Some((Path::new("/var/log").join(name), packing)), "{file}");
    }
}

#[test]
fn a_family_is_listed_oldest_first_even_if_the_pattern_names_the_living_file_alone() {
    let dir = tempfile::tempdir().unwrap();
    let roots = Roots::new([dir.path().to_owned()]).unwrap();
    for name in ["app.log.2.gz", "app.log.1", "app.log", "other.txt", "app.log.bak"] {
        std::fs::write(dir.path().join(name), name).unwrap();
    }
    std::fs::create_dir(dir.path().join("app.log.3")).unwrap();
    let pattern = dir.path().join("*.log").display().to_string();
    let found = find(&[pattern], &roots);
    assert_eq!(found.families.len(), 1, "{found:?}");
    let names: Vec<_> =
        found.families[0].members.iter().map(|member| member.path.file_name().unwrap()).collect();
    assert_eq!(names, ["app.log.2.gz", "app.log.1", "app.log"]);
}

#[test]
fn patterns_are_inside_of_the_roots() {
    let roots = Roots::new([PathBuf::from("/var/log")]).unwrap();
    assert!(check(&["/var/log/*.log".to_owned(), "/var/log/**/x".to_owned()], &roots).is_ok());
    for wrong in ["/etc/*", "*.log", "/var/log/../../etc/passwd", "/*/log/x", "/var/log/[", "/var/logs/x"] {
        let error = check(&[wrong.to_owned()], &roots).unwrap_err().to_string();
        assert!(error.contains("paths is"), "{wrong}: {error}");
    }
}

#[test]
fn what_rotation_leaves_for_a_moment_is_neither_lost_nor_there_twice() {
    let dir = tempfile::tempdir().unwrap();
    let roots = Roots::new([dir.path().to_owned()]).unwrap();
    // No living file, and one that lies beside its packed copy.
    for name in ["app.log.2.gz", "app.log.2", "app.log.1", "app.log.bak"] {
        std::fs::write(dir.path().join(name), name).unwrap();
    }
    let pattern = [dir.path().join("*.log").display().to_string()];
    let names = |found: &Found| -> Vec<String> {
        let members = found.families.iter().flat_map(|family| &family.members);
        members.map(|member| member.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    let found = find(&pattern, &roots);
    assert_eq!(names(&found), ["app.log.2", "app.log.1"]);
    assert_eq!(found.families[0].name, dir.path().join("app.log"));
    // Another name for the same file; the living name is the one that stays.
    #[cfg(unix)]
    {
        std::fs::hard_link(dir.path().join("app.log.1"), dir.path().join("app.log")).unwrap();
        let again = find(&pattern, &roots);
        assert_eq!(names(&again), ["app.log.2", "app.log"]);
        assert!(same_files(&found, &again));
        std::fs::write(dir.path().join("app.log.3"), "").unwrap();
        assert!(!same_files(&found, &find(&pattern, &roots)));
    }
}
