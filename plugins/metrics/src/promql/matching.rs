//! Operators between two instant vectors: which series meet, and what comes of it.
//!
//! Part of evaluation. Series with the same signature (the labels of `on`, or all but those of `ignoring`) meet;
//! at each step at most one of them may be on a "one" side. It deliberately decides per step: series that would
//! collide but never live at the same time do no harm.

use std::collections::{BTreeMap, HashMap};

use super::ast::{Binary, BinaryOp, Cardinality, Expr, Grouping, Matching};
use super::evaluator::Evaluator;
use super::grid::Grid;
use super::operators::Operation;
use super::rows::{ABSENT, Row, is_absent, is_present};
use super::{PromqlError, labelset};
use crate::series::Labels;

/// The rows of both sides that share a signature.
#[derive(Default)]
struct Meeting {
    left: Vec<Row>,
    right: Vec<Row>,
}

impl Evaluator<'_> {
    pub(super) fn vectors(
        &self,
        expr: &Expr,
        binary: &Binary,
        op: Operation,
        left: Vec<Row>,
        right: Vec<Row>,
        grid: Grid,
    ) -> Result<Vec<Row>, PromqlError> {
        // Where one side has nothing at all, nothing can collide either.
        let alive = Alive { left: living(&left, grid), right: living(&right, grid) };
        let mut meetings: BTreeMap<Labels, Meeting> = BTreeMap::new();
        let labels = &binary.matching.labels;
        for row in left {
            meetings.entry(labelset::group(&row.labels, labels)).or_default().left.push(row);
        }
        for row in right {
            meetings.entry(labelset::group(&row.labels, labels)).or_default().right.push(row);
        }
        let mut rows = Vec::new();
        for (signature, meeting) in meetings {
            self.check()?;
            let met = match binary.op {
                BinaryOp::And => chosen(meeting.left, &meeting.right, true),
                BinaryOp::Unless => chosen(meeting.left, &meeting.right, false),
                BinaryOp::Or => {
                    let rest = chosen(meeting.right, &meeting.left, false);
                    meeting.left.into_iter().chain(rest).collect()
                }
                _ => Pairing { evaluator: self, expr, op, matching: &binary.matching, signature }
                    .pair(&meeting, &alive)?,
            };
            self.hold(met.iter().map(|row| row.values.len()).sum())?;
            rows.extend(met);
        }
        self.merge(rows, expr)
    }
}

/// At which steps each side has any value.
struct Alive {
    left: Vec<bool>,
    right: Vec<bool>,
}

fn living(rows: &[Row], grid: Grid) -> Vec<bool> {
    let mut alive = vec![false; grid.count];
    for row in rows {
        alive.iter_mut().zip(&row.values).for_each(|(alive, value)| *alive |= is_present(*value));
    }
    alive
}

/// The values of `rows` at the steps where any of `others` has one, or where none has.
fn chosen(rows: Vec<Row>, others: &[Row], where_present: bool) -> Vec<Row> {
    let present =
        |step: usize| others.iter().any(|row| row.values.get(step).is_some_and(|value| is_present(*value)));
    let steps = rows.first().map_or(0, |row| row.values.len());
    let wanted: Vec<bool> = (0..steps).map(|step| present(step) == where_present).collect();
    let choose = |mut row: Row| {
        let unwanted = row.values.iter_mut().zip(&wanted).filter(|(_, wanted)| !**wanted);
        unwanted.for_each(|(value, _)| *value = ABSENT);
        (!row.is_empty()).then_some(row)
    };
    rows.into_iter().filter_map(choose).collect()
}

/// Notes a match; whether it is the first of its kind at that step.
fn first_match(matched: &mut Vec<Vec<bool>>, kind: usize, step: usize, steps: usize) -> bool {
    while matched.len() <= kind {
        matched.push(vec![false; steps]);
    }
    let slot = matched.get_mut(kind).and_then(|steps| steps.get_mut(step));
    slot.is_some_and(|slot| !std::mem::replace(slot, true))
}

/// Pairs the series of one signature.
struct Pairing<'a, 'e> {
    evaluator: &'a Evaluator<'e>,
    expr: &'a Expr,
    op: Operation,
    matching: &'a Matching,
    signature: Labels,
}

impl Pairing<'_, '_> {
    fn pair(&self, meeting: &Meeting, alive: &Alive) -> Result<Vec<Row>, PromqlError> {
        let swapped = self.matching.cardinality == Cardinality::OneToMany;
        let (many, one) = match swapped {
            true => (&meeting.right, &meeting.left),
            false => (&meeting.left, &meeting.right),
        };
        let many_alive = if swapped { &alive.right } else { &alive.left };
        let ones = self.ones(one, many_alive)?;
        let mut results: Vec<Row> = Vec::new();
        let mut places: HashMap<Labels, usize> = HashMap::new();
        // Pairs whose comparison fails leave no value, and yet they were matched.
        let mut matched: Vec<Vec<bool>> = Vec::new();
        for row in many {
            // Consecutive steps nearly always meet the same partner: its labels are made once.
            let mut last: Option<(usize, usize)> = None;
            for (step, (value, partner)) in row.values.iter().zip(&ones).enumerate() {
                let (false, Some(partner)) = (is_absent(*value), *partner) else { continue };
                let Some(other) = one.get(partner).and_then(|row| row.values.get(step)) else { continue };
                let place = match last {
                    Some((same, place)) if same == partner => place,
                    _ => {
                        let labels = self.labels(row, one.get(partner));
                        *places.entry(labels.clone()).or_insert_with(|| {
                            results.push(Row { labels, values: vec![ABSENT; ones.len()] });
                            results.len() - 1
                        })
                    }
                };
                last = Some((partner, place));
                let matches = if self.matching.cardinality == Cardinality::OneToOne { 0 } else { place };
                if !first_match(&mut matched, matches, step, ones.len()) {
                    return Err(self.several_matches(many, step));
                }
                let (left, right) = if swapped { (*other, *value) } else { (*value, *other) };
                let slot = results.get_mut(place).and_then(|row| row.values.get_mut(step));
                if let Some(slot) = slot {
                    *slot = self.op.apply(left, right, left);
                }
            }
        }
        Ok(results)
    }

    /// Per step the row of the "one" side that has a value.
    fn ones(&self, one: &[Row], many_alive: &[bool]) -> Result<Vec<Option<usize>>, PromqlError> {
        let mut ones: Vec<Option<usize>> = vec![None; many_alive.len()];
        for (index, row) in one.iter().enumerate() {
            for (step, (slot, value)) in ones.iter_mut().zip(&row.values).enumerate() {
                if is_absent(*value) {
                    continue;
                }
                let first = slot.replace(index).and_then(|first| one.get(first));
                if let (Some(first), Some(true)) = (first, many_alive.get(step)) {
                    return Err(self.duplicates(first, row));
                }
            }
        }
        Ok(ones)
    }

    fn labels(&self, many: &Row, one: Option<&Row>) -> Labels {
        let mut labels = many.labels.clone();
        if self.op.drops_name() {
            labels = labelset::without_name(&labels);
        }
        if self.matching.cardinality == Cardinality::OneToOne {
            labels = match &self.matching.labels {
                on @ Grouping::By(_) => labelset::group(&labels, on),
                Grouping::Without(names) => labelset::without(&labels, names),
            };
        }
        for name in &self.matching.include {
            let value = one.and_then(|row| row.labels.get(name)).unwrap_or_default();
            labels = labelset::with(&labels, name, value);
        }
        labels
    }

    fn duplicates(&self, first: &Row, second: &Row) -> PromqlError {
        let side = match self.matching.cardinality {
            Cardinality::OneToMany => "left",
            _ => "right",
        };
        self.error(format!(
            "found {} and {} on the {side} side for the match group {}, expected one of them; \
             make the matching labels unique on that side",
            first.labels, second.labels, self.signature
        ))
    }

    fn several_matches(&self, many: &[Row], step: usize) -> PromqlError {
        let present = |row: &&Row| row.values.get(step).is_some_and(|value| is_present(*value));
        let found: Vec<String> =
            many.iter().filter(present).take(2).map(|row| row.labels.to_string()).collect();
        let found = found.join(" and ");
        let signature = &self.signature;
        self.error(match self.matching.cardinality {
            Cardinality::OneToOne => format!(
                "found {found} on one side for the match group {signature}, expected one of them; \
                 say `group_left` or `group_right` to match several"
            ),
            _ => format!(
                "found {found} for the match group {signature}, which would become one series; \
                 keep a label that tells them apart"
            ),
        })
    }

    fn error(&self, reason: String) -> PromqlError {
        PromqlError::Matching { place: self.evaluator.place(self.expr), reason }
    }
}
