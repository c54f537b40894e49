//! A group's number from its name. A static build has no name service to ask, so the group file is read.

use std::fs;

/// The number of a group given by number or by name in `/etc/group`.
pub(crate) fn number_of(group: &str) -> Option<u32> {
    group.parse().ok().or_else(|| find(&fs::read_to_string("/etc/group").ok()?, group))
}

fn find(file: &str, group: &str) -> Option<u32> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, number) = (fields.next()?, fields.next()?, fields.next()?);
        (name == group).then(|| number.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_found() {
        let file = "root:x:0:\nbroken\n:x:\ngrafana:x:472:a,b\n";
        assert_eq!(find(file, "grafana"), Some(472));
        assert_eq!(find(file, "graf"), None);
        assert_eq!(number_of("1234"), Some(1234));
    }
}
