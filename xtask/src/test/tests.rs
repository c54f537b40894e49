use super::*;

fn args(only: &[&str]) -> Args {
    Args { all: false, only: only.iter().map(|&name| name.to_owned()).collect(), list: false }
}

#[test]
fn only_keeps_the_order_of_the_steps() {
    let names: Vec<_> = chosen(&args(&["tidy", "fmt"])).unwrap().iter().map(|step| step.name).collect();
    assert_eq!(names, ["fmt", "tidy"]);
}

#[test]
fn an_unknown_step_is_refused_with_the_known_ones() {
    let Err(error) = chosen(&args(&["lint"])) else { panic!("it was taken") };
    assert!(error.to_string().starts_with("no step is called \"lint\"; there are machine, fmt, "), "{error}");
}

#[test]
fn each_need_names_an_earlier_step() {
    let mut seen = BTreeSet::new();
    for step in steps::all(true) {
        assert!(step.needs.is_none_or(|needs| seen.contains(needs)), "{}", step.name);
        assert!(seen.insert(step.name), "{} twice", step.name);
    }
}

#[test]
fn what_the_short_tier_leaves_out_is_done_by_a_step_of_the_long_one() {
    let long = steps::all(true);
    for (_, name) in steps::LONG_ONLY {
        assert!(long.iter().any(|step| step.name == name), "{name}");
    }
}

#[test]
fn a_failing_step_is_counted_even_without_a_failing_test() {
    let logs = tempfile::tempdir().unwrap();
    let mut screen = Screen::new(logs.path().to_owned()).unwrap();
    let site = Site { ci: true, all: false, target: logs.path().to_owned(), cache: logs.path().to_owned() };
    let step = Step { name: "x", about: "", needs: None, work: |_| bail!("it broke") };
    let row = run_step(&step, &site, &mut screen).unwrap();
    assert_eq!(row.tally, Tally::one(false));
    assert_eq!(std::fs::read_to_string(logs.path().join("x.log")).unwrap(), "it broke\n");
}
