//! Series → a chart in braille characters (by textplots), in the width of the terminal.
//!
//! It deliberately draws lines only: a terminal is for a glance, the workbench for a look.

use graftwire_frame::Timestamp;
use rgb::RGB8;
use textplots::{
    AxisBuilder as _, Chart, ColorPlot as _, LabelBuilder as _, LabelFormat, LineStyle, Plot as _, Shape,
};

use crate::series::{Series, printable};

/// At most so many series are drawn; the rest is told by number.
const MAX_SERIES: usize = 12;
/// Without colours each series takes a chart of its own, so fewer fit.
const MAX_CHARTS: usize = 6;
/// Dots per chart: four per line.
const HEIGHT: u32 = 60;
/// Dots of one chart among several.
const LOW_HEIGHT: u32 = 28;
const MIN_COLUMNS: u32 = 40;
const MAX_COLUMNS: u32 = 160;
/// Room at the right for the labels of the value axis.
const LABELS: u32 = 14;

/// Colours that can be told apart on dark and on light grounds.
const COLORS: [RGB8; 6] = [
    RGB8 { r: 0x3d, g: 0x8b, b: 0xd9 },
    RGB8 { r: 0xe0, g: 0x7b, b: 0x2f },
    RGB8 { r: 0x3f, g: 0xa3, b: 0x5b },
    RGB8 { r: 0xc4, g: 0x4e, b: 0x8a },
    RGB8 { r: 0x8a, g: 0x6f, b: 0xd1 },
    RGB8 { r: 0xb0, g: 0x9a, b: 0x2b },
];

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas {
    /// Characters in a line.
    pub(crate) columns: u32,
    /// With colours all series share one chart; without, each has its own.
    pub(crate) color: bool,
}

/// Draws the series; a note if there is nothing to draw.
pub(crate) fn draw(series: &[Series], canvas: Canvas) -> String {
    let drawable: Vec<&Series> = series.iter().filter(|series| has_values(series)).collect();
    let most = if canvas.color { MAX_SERIES } else { MAX_CHARTS };
    let shown = drawable.get(..most.min(drawable.len())).unwrap_or_default();
    let mut text = match (shown, canvas.color) {
        ([], _) => "nothing to draw: no number over time in the answer\n".to_owned(),
        ([_, ..], true) | ([_], false) => one_chart(shown, canvas, HEIGHT),
        (several, false) => several.iter().map(|one| one_chart(&[*one], canvas, LOW_HEIGHT)).collect(),
    };
    if drawable.len() > shown.len() {
        text.push_str(&format!("… and {} series more\n", drawable.len() - shown.len()));
    }
    text
}

fn has_values(series: &Series) -> bool {
    series.points.iter().any(|(_, value)| value.is_some())
}

fn one_chart(series: &[&Series], canvas: Canvas, height: u32) -> String {
    let Some(range) = Range::of(series) else { return String::new() };
    let width = canvas.columns.clamp(MIN_COLUMNS, MAX_COLUMNS).saturating_sub(LABELS).saturating_mul(2);
    let lines: Vec<(usize, Vec<(f32, f32)>)> = series
        .iter()
        .enumerate()
        .flat_map(|(index, series)| pieces(series, &range).into_iter().map(move |line| (index, line)))
        .collect();
    let shapes: Vec<(usize, Shape<'_>)> =
        lines.iter().map(|(index, line)| (*index, Shape::Lines(line))).collect();

    let span = range.seconds();
    let mut chart =
        Chart::new_with_y_range(width, height, 0.0, span as f32, range.low as f32, range.high as f32);
    let mut chart = chart.x_axis_style(LineStyle::None).y_axis_style(LineStyle::None);
    let (first, last) = (range.first.to_string(), range.last.to_string());
    let middle = span as f32 / 2.0;
    chart = chart.x_label_format(LabelFormat::Custom(Box::new(move |x| {
        if x < middle { first.clone() } else { last.clone() }
    })));
    chart = chart.y_label_format(LabelFormat::Custom(Box::new(|y| short(f64::from(y)))));
    for (index, shape) in &shapes {
        chart = match COLORS.get(index % COLORS.len()).filter(|_| canvas.color) {
            Some(color) => chart.linecolorplot(shape, *color),
            None => chart.lineplot(shape),
        };
    }
    chart.figures();
    format!("{chart}{}", legend(series, canvas))
}

fn legend(series: &[&Series], canvas: Canvas) -> String {
    let line = |(index, series): (usize, &&Series)| {
        let last = series.points.iter().rev().find_map(|(_, value)| *value).map(short).unwrap_or_default();
        let name = printable(&series.name);
        match COLORS.get(index % COLORS.len()).filter(|_| canvas.color) {
            Some(color) => {
                format!("\x1b[38;2;{};{};{}m━\x1b[0m {name}  {last}\n", color.r, color.g, color.b)
            }
            None => format!("{name}  {last}\n"),
        }
    };
    let lines: String = series.iter().enumerate().map(line).collect();
    format!("{lines}\n")
}

/// What the axes span.
struct Range {
    first: Timestamp,
    last: Timestamp,
    low: f64,
    high: f64,
}

impl Range {
    fn of(series: &[&Series]) -> Option<Self> {
        let points = || series.iter().flat_map(|series| &series.points);
        let values = || points().filter_map(|(_, value)| *value);
        let (first, last) = (points().map(|(time, _)| *time).min()?, points().map(|(time, _)| *time).max()?);
        let (low, high) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
        // A flat line needs some room to lie in.
        let margin = if high > low { 0.0 } else { (high.abs() * 0.1).max(0.5) };
        Some(Self { first, last, low: low - margin, high: high + margin })
    }

    /// The length in seconds, never 0.
    fn seconds(&self) -> f64 {
        self.at(self.last).max(1e-3)
    }

    fn at(&self, time: Timestamp) -> f64 {
        (i128::from(time.as_nanos()) - i128::from(self.first.as_nanos())) as f64 / 1e9
    }
}

/// The line of a series, broken where values are missing. The library draws lines between points, so a point alone
/// becomes a line of no length.
fn pieces(series: &Series, range: &Range) -> Vec<Vec<(f32, f32)>> {
    let mut pieces: Vec<Vec<(f32, f32)>> = vec![Vec::new()];
    for (time, value) in &series.points {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push((range.at(*time) as f32, *value as f32)),
            (None, Some(piece)) if !piece.is_empty() => pieces.push(Vec::new()),
            _ => {}
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    for piece in &mut pieces {
        if let [only] = piece.as_slice() {
            piece.push(*only);
        }
    }
    pieces
}

/// A number in few characters: `1.25k`, `0.003`, `2.1M`.
pub(crate) fn short(value: f64) -> String {
    const SUFFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let trimmed = |number: f64| {
        let text = format!("{number:.2}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    match SUFFIXES.iter().find(|(size, _)| value.abs() >= *size) {
        Some((size, suffix)) if value.abs() < 1e15 => format!("{}{suffix}", trimmed(value / size)),
        Some(_) => format!("{value:.2e}"),
        None if value != 0.0 && value.abs() < 0.01 => format!("{value:.2e}"),
        None => trimmed(value),
    }
}

#[cfg(test)]
mod tests;
