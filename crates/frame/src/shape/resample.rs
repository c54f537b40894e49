//! Resampling: a wide frame with its values at fixed steps.

use std::time::Duration;

use super::{Fill, MAX_CELLS, SeriesSchema, SeriesShape, ShapeError};
use crate::{Field, Frame, Timestamp, Values};

/// The steps to which [`resample`] brings a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resample {
    /// The first step.
    pub from: Timestamp,
    /// The last instant that can be a step.
    pub to: Timestamp,
    /// The distance of steps; zero leaves the frame as it is.
    pub step: Duration,
    /// What stands at steps without a value.
    pub fill: Option<Fill>,
}

/// Brings a wide frame, sorted by time, to fixed steps: each takes the last row within the step that ends there, else
/// the fill. `Fill::Previous` takes the last row before. Names, labels and meta are kept, configs are not. Columns
/// become nullable where a null must go.
///
/// This is the old way that alerting and SQL data sources know; new code resamples upstream.
///
/// # Errors
/// When the frame isn't wide or has null times; when the result would exceed [`MAX_CELLS`] cells.
pub fn resample(frame: &Frame, steps: &Resample) -> Result<Frame, ShapeError> {
    let (schema, times) = match SeriesSchema::expect(frame, SeriesShape::Wide) {
        Err(ShapeError::NoRows) if steps.step.is_zero() => return Ok(frame.clone()),
        Err(ShapeError::NoRows) => (SeriesSchema::of(frame).ok_or(ShapeError::NoRows)?, Vec::new()),
        found => found?,
    };
    if steps.step.is_zero() {
        return Ok(frame.clone());
    }
    let ticks = Ticks::new(steps);
    ShapeError::check_size(ticks.count(), frame.fields.len(), MAX_CELLS)?;
    let picks = pick(&times, &ticks);

    let mut resampled = Frame::new(&frame.name);
    resampled.meta.clone_from(&frame.meta);
    for (index, field) in frame.fields.iter().enumerate() {
        let values = if index == schema.time {
            time_values(&ticks, field.is_nullable())
        } else {
            pick_values(&field.values, &picks, steps.fill)
        };
        let labels = field.labels.clone();
        resampled.fields.push(Field { name: field.name.clone(), labels, config: None, values });
    }
    Ok(resampled)
}

/// The steps as nanoseconds.
struct Ticks {
    from: i128,
    to: i128,
    step: i128,
}

impl Ticks {
    fn new(steps: &Resample) -> Self {
        Self {
            from: steps.from.as_nanos().into(),
            to: steps.to.as_nanos().into(),
            step: i128::try_from(steps.step.as_nanos()).unwrap_or(i128::MAX),
        }
    }

    fn count(&self) -> usize {
        if self.to < self.from {
            return 0;
        }
        usize::try_from((self.to - self.from) / self.step).map_or(usize::MAX, |steps| steps.saturating_add(1))
    }

    fn iter(&self) -> impl Iterator<Item = i128> {
        (0..self.count()).map(|tick| {
            let distance = i128::try_from(tick).unwrap_or(i128::MAX).saturating_mul(self.step);
            self.from.saturating_add(distance)
        })
    }
}

/// Where the values of a step come from.
#[derive(Clone, Copy)]
enum Pick {
    /// A row within the step.
    Row(usize),
    /// The last row before the step, if there is one.
    Before(Option<usize>),
}

fn pick(times: &[Timestamp], ticks: &Ticks) -> Vec<Pick> {
    let mut seen = None;
    let mut rows = times.iter().enumerate().peekable();
    let pick = |tick: i128| {
        let mut within = false;
        while let Some((row, time)) = rows.next_if(|(_, time)| i128::from(time.as_nanos()) <= tick) {
            within = i128::from(time.as_nanos()) > tick.saturating_sub(ticks.step);
            seen = Some(row);
        }
        match seen {
            Some(row) if within => Pick::Row(row),
            before => Pick::Before(before),
        }
    };
    ticks.iter().map(pick).collect()
}

fn time_values(ticks: &Ticks, nullable: bool) -> Values {
    let times = ticks.iter().map(|tick| Timestamp::from_nanos(i64::try_from(tick).unwrap_or(i64::MAX)));
    let values = Values::from(times.collect::<Vec<_>>());
    if nullable { values.into_nullable() } else { values }
}

fn pick_values(values: &Values, picks: &[Pick], fill: Option<Fill>) -> Values {
    let mut column = Values::with_capacity(values.value_type(), values.is_nullable(), picks.len());
    for pick in picks {
        match (pick, fill) {
            (Pick::Row(row), _) | (Pick::Before(Some(row)), Some(Fill::Previous)) => {
                column.push_from(values, *row);
            }
            (Pick::Before(_), Some(Fill::Value(number))) if column.push_number(number) => {}
            (Pick::Before(_), _) => column.push_null(),
        }
    }
    column
}
