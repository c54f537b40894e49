//! Temperatures, fans and voltages: `/sys/class/hwmon` and `/sys/class/thermal`.
//!
//! A sensor that refuses to be read, as some do while a device sleeps, is deliberately no error.

use std::path::Path;

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;

const TEMPERATURE: Metric = Metric::gauge("node_hwmon_temp_celsius", "The temperature a sensor measures.");
const FAN: Metric = Metric::gauge("node_hwmon_fan_rpm", "How fast a fan turns, per minute.");
const VOLTAGE: Metric = Metric::gauge("node_hwmon_in_volts", "The voltage a sensor measures.");
const CHIP_NAMES: Metric = Metric::gauge("node_hwmon_chip_names", "What a chip calls itself; always 1.");
const LABEL: Metric = Metric::gauge("node_hwmon_sensor_label", "What a sensor is called; always 1.");

/// Kind of sensor, metric, and what to divide by.
const KINDS: [(&str, &Metric, f64); 3] =
    [("temp", &TEMPERATURE, 1e3), ("fan", &FAN, 1.0), ("in", &VOLTAGE, 1e3)];

/// `/sys/class/hwmon`.
#[derive(Debug)]
pub(super) struct Chips;

impl Source for Chips {
    fn name(&self) -> &'static str {
        "hwmon"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let folder = roots.sys("class/hwmon");
        let mut first = Ok(());
        for chip in files::list(&folder)? {
            first = first.and(take_chip(&folder.join(&chip), &chip, sink));
        }
        first
    }
}

fn take_chip(folder: &Path, fallback: &str, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let files = files::list(folder)?;
    let name = files::read_word(&folder.join("name")).filter(|name| !name.is_empty());
    let chip = chip_of(folder).or(name.as_deref().map(cleaned)).unwrap_or_else(|| fallback.to_owned());
    if let Some(name) = &name {
        sink.put(&CHIP_NAMES, &[("chip", &chip), ("chip_name", &cleaned(name))], 1.0);
    }
    for file in &files {
        let Some((sensor, what)) = file.split_once('_') else { continue };
        let kind = sensor.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let Some((_, metric, unit)) = KINDS.iter().find(|(of, ..)| *of == kind) else { continue };
        let labels = [("chip", chip.as_str()), ("sensor", sensor)];
        match what {
            "input" => {
                if let Some(value) = files::read_number(&folder.join(file)) {
                    sink.put(metric, &labels, value / unit);
                }
            }
            "label" => {
                if let Some(label) = files::read_word(&folder.join(file)) {
                    sink.put(&LABEL, &[labels[0], ("label", &label), labels[1]], 1.0);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The chip by its device, such as `platform_coretemp_0`, which stays the same when chips are found in another order.
fn chip_of(folder: &Path) -> Option<String> {
    let device = std::fs::canonicalize(folder.join("device")).ok()?;
    let kind = std::fs::canonicalize(device.join("subsystem")).ok();
    let name_of = |path: &Path| path.file_name().map(|name| cleaned(&name.to_string_lossy()));
    let device = name_of(&device).filter(|name| !name.is_empty())?;
    Some(match kind.as_deref().and_then(name_of) {
        Some(kind) => format!("{kind}_{device}"),
        None => device,
    })
}

/// Lower case letters, digits and colons; anything else is an underscore, at the ends nothing.
fn cleaned(name: &str) -> String {
    let clean = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9' | ':' | '_') => letter,
        _ => '_',
    };
    name.trim().chars().map(clean).collect::<String>().trim_matches('_').to_owned()
}

const ZONE: Metric =
    Metric::gauge("node_thermal_zone_temp", "The temperature of a zone, in degrees Celsius.");

/// `/sys/class/thermal`.
#[derive(Debug)]
pub(super) struct Zones;

impl Source for Zones {
    fn name(&self) -> &'static str {
        "thermal_zone"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let folder = roots.sys("class/thermal");
        for name in files::list(&folder)? {
            let Some(zone) = name.strip_prefix("thermal_zone") else { continue };
            let kind = files::read_word(&folder.join(&name).join("type")).unwrap_or_default();
            if let Some(temperature) = files::read_number(&folder.join(&name).join("temp")) {
                sink.put(&ZONE, &[("type", &kind), ("zone", zone)], temperature / 1e3);
            }
        }
        Ok(())
    }
}
