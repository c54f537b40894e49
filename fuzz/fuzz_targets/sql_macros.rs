//! Any text as SQL with macros, in every dialect: from the user's text to what a database gets.
//!
//! An expansion, or an error that says what is wrong; neither without an end. Whether it is what users expect is the business
//! of the SDK's tests.
#![no_main]

use graftwire_sdk::interval::Interval;
use graftwire_sdk::model::{EpochMillis, TimeRange};
use graftwire_sdk::sql::dialect::{GO_SDK, MYSQL, POSTGRES, SQLITE, TIMESCALE};
use graftwire_sdk::sql::{MacroContext, expand, first_statement_end, iso_time, replace_globals};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let time_range = TimeRange { from: EpochMillis(-1_500), to: EpochMillis(1_600_003_600_123) };
    let cx = MacroContext {
        time_range,
        interval: Interval::from_millis(90_000),
        table: "t".to_owned(),
        column: "c".to_owned(),
    };
    let text = replace_globals(text, time_range);
    for dialect in [SQLITE, POSTGRES, TIMESCALE, MYSQL, GO_SDK] {
        match expand(&text, &dialect, &cx) {
            Ok(expanded) => {
                assert!(expanded.sql.len() <= 1 << 20);
                if let Some(end) = first_statement_end(&expanded.sql, dialect.lexis) {
                    assert_eq!(expanded.sql.as_bytes().get(end), Some(&b';'));
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let _ = (iso_time(&text), Interval::parse(&text), Interval::parse_calendar(&text, 0));
});
