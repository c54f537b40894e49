//! Processes of one name as a group, under process_exporter's names.
//!
//! Only the groups that take most are told, so that programs that come and go don't fill the store with series. What a
//! group has taken stays counted when one of its processes ends. It deliberately leaves the kernel's threads out.

use std::collections::HashMap;

use super::host;
use super::known::Sink;
use super::metric::Metric;
use super::processes::Process;

const SECONDS: Metric = Metric::counter(
    "namedprocess_namegroup_cpu_seconds_total",
    "Seconds of processor time that processes of a name have taken.",
);
const BYTES: Metric =
    Metric::gauge("namedprocess_namegroup_memory_bytes", "Memory that processes of a name take.");
const COUNT: Metric =
    Metric::gauge("namedprocess_namegroup_num_procs", "How many processes of a name there are.");

/// How much of the old score stays at each reading: a group that was busy is told for some minutes more.
const MEMORY_OF_SCORE: f64 = 0.9;

/// See the module.
#[derive(Debug)]
pub(super) struct Groups {
    limit: usize,
    ticks_per_second: f64,
    page_size: f64,
    groups: HashMap<String, Group>,
    processes: HashMap<u32, Seen>,
    /// Counts the readings.
    round: u32,
}

#[derive(Debug, Default)]
struct Group {
    user_ticks: u64,
    system_ticks: u64,
    /// Since the last reading.
    new_ticks: u64,
    resident_pages: u64,
    virtual_bytes: u64,
    count: u64,
    score: f64,
}

/// What a process had taken when it was last read.
#[derive(Debug)]
struct Seen {
    began: u64,
    user_ticks: u64,
    system_ticks: u64,
    round: u32,
}

impl Groups {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            ticks_per_second: host::ticks_per_second() as f64,
            page_size: host::page_size() as f64,
            groups: HashMap::new(),
            processes: HashMap::new(),
            round: 0,
        }
    }

    /// Takes a process of this reading.
    pub(super) fn add(&mut self, process: &Process<'_>) {
        if process.is_kernel_thread {
            return;
        }
        let Process { pid, began, user_ticks, system_ticks, .. } = *process;
        let now = Seen { began, user_ticks, system_ticks, round: self.round };
        let before = self.processes.insert(pid, now).filter(|before| before.began == began);
        let (user, system) = before.map_or((0, 0), |before| (before.user_ticks, before.system_ticks));
        let (user, system) = (user_ticks.saturating_sub(user), system_ticks.saturating_sub(system));
        if !self.groups.contains_key(process.name) {
            self.groups.insert(process.name.to_owned(), Group::default());
        }
        let Some(group) = self.groups.get_mut(process.name) else { return };
        group.user_ticks += user;
        group.system_ticks += system;
        group.new_ticks += user + system;
        group.resident_pages += process.resident_pages;
        group.virtual_bytes += process.virtual_bytes;
        group.count += 1;
    }

    /// Ends the reading: gives the groups that take most.
    pub(super) fn put(&mut self, sink: &mut Sink<'_>) {
        self.groups.retain(|_, group| group.count > 0);
        let round = self.round;
        self.processes.retain(|_, seen| seen.round == round);
        self.round = round.wrapping_add(1);
        self.score();
        let mut groups: Vec<(&String, &Group)> = self.groups.iter().collect();
        groups.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then(a.0.cmp(b.0)));
        for (name, group) in groups.into_iter().take(self.limit) {
            let of = |label, value| [("groupname", name.as_str()), (label, value)];
            sink.put(&SECONDS, &of("mode", "user"), group.user_ticks as f64 / self.ticks_per_second);
            sink.put(&SECONDS, &of("mode", "system"), group.system_ticks as f64 / self.ticks_per_second);
            sink.put(&BYTES, &of("memtype", "resident"), group.resident_pages as f64 * self.page_size);
            sink.put(&BYTES, &of("memtype", "virtual"), group.virtual_bytes as f64);
            sink.put(&COUNT, &[("groupname", name)], group.count as f64);
        }
        for group in self.groups.values_mut() {
            (group.new_ticks, group.resident_pages, group.virtual_bytes, group.count) = (0, 0, 0, 0);
        }
    }

    /// A group's share of the processor time taken since the last reading, plus its share of the memory taken.
    fn score(&mut self) {
        let ticks = self.groups.values().map(|group| group.new_ticks).sum::<u64>().max(1) as f64;
        let pages = self.groups.values().map(|group| group.resident_pages).sum::<u64>().max(1) as f64;
        for group in self.groups.values_mut() {
            let share = group.new_ticks as f64 / ticks + group.resident_pages as f64 / pages;
            group.score = (group.score * MEMORY_OF_SCORE).max(share);
        }
    }
}
