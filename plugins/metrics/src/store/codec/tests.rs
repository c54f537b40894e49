//! The codec returns every bit, whatever the values and times; damaged bits give errors, never panics.

use proptest::prelude::*;

use super::*;
use crate::series::STALE_NAN_BITS;

fn encode(samples: &[Sample]) -> Chunk {
    let mut encoder = Encoder::default();
    samples.iter().for_each(|sample| encoder.push(*sample));
    encoder.take().unwrap()
}

fn decode<B: AsRef<[u8]>>(chunk: &Chunk<B>) -> Result<Vec<(i64, u64)>, Damaged> {
    let mut samples = Vec::new();
    chunk.read(i64::MIN, i64::MAX, |sample| samples.push((sample.at, sample.value.to_bits())))?;
    Ok(samples)
}

fn bits(samples: &[Sample]) -> Vec<(i64, u64)> {
    samples.iter().map(|sample| (sample.at, sample.value.to_bits())).collect()
}

fn assert_round_trip(samples: &[Sample]) {
    assert_eq!(decode(&encode(samples)), Ok(bits(samples)));
}

fn at_each_second(values: impl IntoIterator<Item = f64>) -> Vec<Sample> {
    values.into_iter().enumerate().map(|(at, value)| Sample { at: at as i64 * 1000, value }).collect()
}

#[test]
fn odd_values_survive() {
    let stale = f64::from_bits(STALE_NAN_BITS);
    let payload = f64::from_bits(0xfff8_dead_beef_0001);
    assert_round_trip(&at_each_second([
        0.0,
        -0.0,
        1.0,
        1.5,
        1.25,
        f64::NAN,
        payload,
        stale,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        0.1 + 0.2,
        1.0 / 3.0,
        9_007_199_254_740_992.0,
        9_007_199_254_740_994.0,
        -7.0,
        1e300,
        123_456_789.123_456_79,
        0.000_000_001,
    ]));
}

#[test]
fn extreme_times_survive() {
    let times = [i64::MIN, -1, 0, 1, 1000, i64::MAX - 1, i64::MAX];
    let samples: Vec<_> = times.into_iter().map(|at| Sample { at, value: 1.0 }).collect();
    assert_round_trip(&samples);
}

#[test]
fn a_constant_costs_almost_nothing() {
    let chunk = encode(&at_each_second(std::iter::repeat_n(8_345_600_000.0, 3600)));
    assert!(chunk.bits.len() <= 16, "{} bytes", chunk.bits.len());
}

#[test]
fn a_steady_counter_costs_two_bits_a_sample() {
    let chunk = encode(&at_each_second((0..3600).map(|n| (n * 100 + 12_345_678) as f64 / 100.0)));
    assert!(chunk.bits.len() <= 3600 / 4 + 64, "{} bytes", chunk.bits.len());
}

#[test]
fn bitwise_values_return_to_decimals() {
    let mixed: Vec<_> = std::iter::once(1.0 / 3.0).chain((0..1000).map(f64::from)).collect();
    let samples = at_each_second(mixed);
    assert_round_trip(&samples);
    assert!(encode(&samples).bits.len() < 450);
}

#[test]
fn a_range_is_cut_out_of_a_chunk() {
    let chunk = encode(&at_each_second((0..100).map(f64::from)));
    let mut times = Vec::new();
    chunk.read(10_000, 12_000, |sample| times.push(sample.at)).unwrap();
    assert_eq!(times, [10_000, 11_000, 12_000]);
}

#[test]
fn an_encoder_can_be_used_again() {
    let mut encoder = Encoder::default();
    for round in 0..3 {
        let samples = at_each_second((0..20).map(|n| f64::from(n * round)));
        samples.iter().for_each(|sample| encoder.push(*sample));
        assert_eq!(decode(&encoder.peek().unwrap()), Ok(bits(&samples)));
        assert_eq!(decode(&encoder.take().unwrap()), Ok(bits(&samples)));
        assert_eq!(Some(&encoder.last()), samples.last());
        assert!(encoder.take().is_none());
    }
}

#[test]
fn a_count_beyond_the_limit_is_damage() {
    let chunk = Chunk { count: MAX_SAMPLES + 1, first: 0, last: 0, bits: vec![0; 8] };
    assert_eq!(decode(&chunk), Err(Damaged));
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-1_000_000_i64..1_000_000, 0_u32..7).prop_map(|(n, e)| n as f64 / 10_f64.powi(e as i32)),
        2 => any::<u64>().prop_map(f64::from_bits),
        2 => (0_i64..1 << 53).prop_map(|n| n as f64),
        1 => Just(f64::from_bits(STALE_NAN_BITS)),
        1 => Just(f64::INFINITY),
        2 => Just(42.0),
    ]
}

fn series() -> impl Strategy<Value = Vec<Sample>> {
    let step = prop_oneof![5 => Just(1000_i64), 2 => 1_i64..5000, 1 => 1_i64..1 << 40];
    let run = (value(), step, 1_usize..20, any::<bool>());
    (-(1_i64 << 45)..1 << 45, prop::collection::vec(run, 1..40)).prop_map(|(start, runs)| {
        let mut at = start;
        let mut samples = Vec::new();
        for (value, step, length, grows) in runs {
            for n in 0..length {
                at += step;
                samples.push(Sample { at, value: if grows { value + n as f64 } else { value } });
            }
        }
        samples
    })
}

proptest! {
    #[test]
    fn every_series_comes_back_bit_for_bit(samples in series()) {
        prop_assert_eq!(decode(&encode(&samples)), Ok(bits(&samples)));
    }

    #[test]
    fn damaged_bits_never_panic(samples in series(), flips in prop::collection::vec(any::<(usize, u8)>(), 1..6), cut in any::<usize>()) {
        let mut chunk = encode(&samples);
        for (at, mask) in flips {
            let at = at % chunk.bits.len();
            chunk.bits[at] ^= mask;
        }
        let _ = decode(&chunk);
        chunk.bits.truncate(cut % (chunk.bits.len() + 1));
        let _ = decode(&chunk);
    }

    #[test]
    fn noise_never_panics(bits in prop::collection::vec(any::<u8>(), 0..200), count in any::<u32>(), first in any::<i64>(), last in any::<i64>()) {
        let _ = decode(&Chunk { count, first, last, bits });
    }
}
