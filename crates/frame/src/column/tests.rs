use super::*;

#[test]
fn a_null_makes_a_plain_column_nullable() {
    let mut column = Column::from(vec![1i64, 2]);
    assert!(!column.is_nullable());
    column.push_null();
    column.push(4);
    assert_eq!(column, Column::from(vec![Some(1), Some(2), None, Some(4)]));
    assert_eq!((column.len(), column.null_count()), (4, 1));
    assert_eq!(column.as_slice(), [1, 2, 0, 4]);
}

#[test]
fn nullability_is_part_of_the_type() {
    assert_ne!(Column::from(vec![1i64]), Column::from(vec![Some(1i64)]));
}

#[test]
fn equality_takes_all_nan_as_one_and_tells_zeros_apart() {
    let other_nan = f64::from_bits(f64::NAN.to_bits() | 1);
    assert_eq!(Column::from(vec![f64::NAN]), Column::from(vec![other_nan]));
    assert_ne!(Column::from(vec![0.0f64]), Column::from(vec![-0.0f64]));
}

#[test]
fn texts_come_back_whatever_their_length() {
    let texts = vec![Some("a"), None, Some(""), Some("žluť"), Some("日本語")];
    let column = Column::<String>::from(texts.clone());
    assert_eq!(column.iter().collect::<Vec<_>>(), texts);
    assert_eq!(column.get(5), None);
}

#[test]
fn bools_are_kept_across_byte_borders() {
    let bools: Vec<bool> = (0..21).map(|n| n % 3 == 0).collect();
    let mut column = Column::from(bools.clone());
    column.append(Column::from(bools.clone()));
    let expected: Vec<_> = bools.iter().chain(&bools).copied().map(Some).collect();
    assert_eq!(column.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn append_joins_validity_of_plain_and_nullable() {
    let mut plain = Column::from(vec![1u8; 7]);
    plain.append(Column::from(vec![None, Some(9u8)]));
    assert_eq!(plain.iter().filter(Option::is_none).count(), 1);
    assert_eq!((plain.get(7), plain.get(8)), (None, Some(9)));

    let mut nullable = Column::from(vec![None, Some(9u8)]);
    nullable.append(Column::from(vec![1u8]));
    assert_eq!(nullable, Column::from(vec![None, Some(9u8), Some(1)]));
}
