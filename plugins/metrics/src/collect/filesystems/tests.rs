//! Which mounts are told, and what happens when one never answers.

use std::sync::Mutex;

use super::*;

#[test]
fn mounts_are_chosen_as_node_exporter_does() {
    let text = "/dev/mmcblk0p2 / ext4 rw 0 0\n\
                proc /proc proc rw 0 0\n\
                tmpfs /run tmpfs rw 0 0\n\
                tmpfs /dev/shm tmpfs rw 0 0\n\
                tmpfs /device tmpfs rw 0 0\n\
                overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0\n\
                tmpfs /var/lib/docker/volumes tmpfs rw 0 0\n\
                /dev/sda1 /mnt/my\\040disk\\134x vfat ro 0 0\n\
                /dev/sda1 /mnt/my\\040disk\\134x vfat ro 0 0\n\
                nas:/share /mnt/odd\\09x\\ nfs4 rw 0 0\n\
                broken\n";
    let (mounts, outcome) = mounts(Path::new("/proc/mounts"), text);
    let places: Vec<_> = mounts.iter().map(|mount| mount.mountpoint.as_str()).collect();
    assert_eq!(places, ["/", "/run", "/device", "/mnt/my disk\\x", "/mnt/odd\\09x\\"]);
    assert!(outcome.unwrap_err().to_string().starts_with("/proc/mounts line 11: found \"broken\""));
}

fn mount(place: &str) -> Mount {
    Mount { device: "d".to_owned(), mountpoint: place.to_owned(), kind: "ext4".to_owned() }
}

const USAGE: Usage =
    Usage { size: 1.0, free: 1.0, available: 1.0, files: 1.0, files_free: 1.0, is_read_only: false };

#[test]
fn a_silent_file_system_holds_up_no_other() {
    // Whoever holds this lock keeps the file system at `/silent` from answering.
    let gate = Arc::new(Mutex::new(()));
    let silence = gate.lock().unwrap();
    let behind = gate.clone();
    let ask = move |place: &Path| {
        if place == Path::new("/silent") {
            drop(behind.lock());
        }
        Ok(USAGE)
    };
    // Longer than a busy machine leaves a thread waiting for its turn.
    let mut systems = FileSystems::asking(ask, Duration::from_secs(4));
    let mounts = ["/a", "/silent", "/b", "/c"].map(mount);
    let answered =
        |answers: &[Option<io::Result<Usage>>]| answers.iter().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!(answered(&systems.ask_all(&mounts)), [true, false, true, true]);
    assert_eq!(systems.stuck.len(), 1);
    systems.forget_answered(&mounts);
    assert_eq!(systems.stuck.len(), 1, "it is still silent");
    drop(silence);
    // Once it answers, it is asked again.
    while !systems.stuck.is_empty() {
        systems.forget_answered(&mounts);
        thread::yield_now();
    }
    assert_eq!(answered(&systems.ask_all(&mounts)), [true; 4]);
}

#[test]
fn only_so_many_silent_ones_are_waited_for() {
    let gate = Arc::new(Mutex::new(()));
    let silence = gate.lock().unwrap();
    let behind = gate.clone();
    let ask = move |_: &Path| {
        drop(behind.lock());
        Ok(USAGE)
    };
    let mut systems = FileSystems::asking(ask, Duration::from_millis(50));
    let mounts: Vec<_> = (0..20).map(|n| mount(&format!("/{n}"))).collect();
    assert!(systems.ask_all(&mounts).iter().all(Option::is_none));
    assert_eq!(systems.stuck.len(), MAX_STUCK);
    drop(silence);
}
