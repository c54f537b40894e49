//! The frame itself: named columns of one length.

use graftwire_model::{EncodedFrame, FrameFormat};

use crate::{DecodeLimits, FieldConfig, FieldLabels, FrameError, FrameMeta, ValueType, Values};

/// A data frame: a table by columns.
///
/// All fields must have the same number of rows; [`rows`](Self::rows) and both encoders refuse others.
/// Names may be empty and may repeat.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    /// The frame's name; for a single series what users see as its name.
    pub name: String,
    /// The query it answers; servers fill it in when empty.
    pub ref_id: String,
    /// What it says about itself.
    pub meta: Option<FrameMeta>,
    /// The columns.
    pub fields: Vec<Field>,
}

impl Frame {
    /// A frame without fields.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same frame with one more field.
    #[must_use]
    pub fn with_field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// The same frame with metadata.
    #[must_use]
    pub fn with_meta(mut self, meta: FrameMeta) -> Self {
        self.meta = Some(meta);
        self
    }

    /// The same frame as the answer to a query.
    #[must_use]
    pub fn with_ref_id(mut self, ref_id: impl Into<String>) -> Self {
        self.ref_id = ref_id.into();
        self
    }

    /// The metadata to change them; empty ones are put in if there are none.
    pub fn meta_mut(&mut self) -> &mut FrameMeta {
        self.meta.get_or_insert_default()
    }

    /// The first field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The number of rows; 0 without fields.
    ///
    /// # Errors
    /// [`FrameError::Length`] if fields differ in length, [`FrameError::ColumnTooLarge`] if one outgrew its format.
    pub fn rows(&self) -> Result<usize, FrameError> {
        let expected = self.fields.first().map_or(0, Field::len);
        for (index, field) in self.fields.iter().enumerate() {
            if field.len() != expected {
                let (name, found) = (field.name.clone(), field.len());
                return Err(FrameError::Length { index, name, found, expected });
            }
            if field.values.overflowed() {
                return Err(FrameError::ColumnTooLarge { index, name: field.name.clone() });
            }
        }
        Ok(expected)
    }

    /// The same frame with the columns empty.
    #[must_use]
    pub fn to_schema(&self) -> Self {
        let empty = |field: &Field| Field {
            name: field.name.clone(),
            labels: field.labels.clone(),
            config: field.config.clone(),
            values: Values::empty(field.value_type(), field.is_nullable()),
        };
        let fields = self.fields.iter().map(empty).collect();
        Self { name: self.name.clone(), ref_id: self.ref_id.clone(), meta: self.meta.clone(), fields }
    }

    /// Adds the rows of another frame with the same column types; its name, labels and so on are left out.
    ///
    /// # Errors
    /// [`FrameError::Append`] if the columns don't match; nothing is added then.
    pub fn append(&mut self, rows: Self) -> Result<(), FrameError> {
        let types = |frame: &Self| frame.fields.iter().map(Field::value_type).collect::<Vec<_>>();
        if types(self) != types(&rows) {
            let (found, expected) = (rows.describe_types(), self.describe_types());
            return Err(FrameError::Append { found, expected });
        }
        rows.rows()?;
        for (field, more) in self.fields.iter_mut().zip(rows.fields) {
            field.values.append(more.values);
        }
        Ok(())
    }

    /// Encodes the frame; column memory is copied once.
    ///
    /// # Errors
    /// See [`rows`](Self::rows); besides what JSON can't hold, such as a statistic that is NaN.
    pub fn encode(&self, format: FrameFormat) -> Result<EncodedFrame, FrameError> {
        match format {
            FrameFormat::Arrow => crate::arrow::write(self),
            FrameFormat::Json => crate::json::write(self, crate::json::Include::All),
            FrameFormat::Unencoded => self.clone().into_encoded(format),
        }
    }

    /// Encodes the frame and gives it up; the memory of large columns moves into the segments without a copy.
    ///
    /// # Errors
    /// See [`encode`](Self::encode).
    pub fn into_encoded(self, format: FrameFormat) -> Result<EncodedFrame, FrameError> {
        match format {
            FrameFormat::Arrow => crate::arrow::write_owned(self),
            FrameFormat::Json => self.encode(format),
            FrameFormat::Unencoded => {
                // What could not be encoded is not handed on either.
                self.rows()?;
                Ok(EncodedFrame::unencoded(self))
            }
        }
    }

    /// Decodes a frame within the default [`DecodeLimits`].
    ///
    /// # Errors
    /// Whatever is wrong with the bytes; never a panic.
    pub fn decode(encoded: &EncodedFrame) -> Result<Self, FrameError> {
        Self::decode_within(encoded, &DecodeLimits::default())
    }

    /// Decodes a frame within limits.
    ///
    /// # Errors
    /// See [`decode`](Self::decode).
    pub fn decode_within(encoded: &EncodedFrame, limits: &DecodeLimits) -> Result<Self, FrameError> {
        DecodeLimits::check("bytes of a frame", encoded.len(), limits.bytes)?;
        let bytes = encoded.clone().into_bytes();
        match encoded.format {
            FrameFormat::Arrow => crate::arrow::read(&bytes, limits),
            FrameFormat::Json => crate::json::read(&bytes, limits),
            FrameFormat::Unencoded => encoded.as_unencoded().cloned().ok_or(FrameError::Encoded),
        }
    }

    /// The frame that was not encoded, see [`FrameFormat::Unencoded`]; reads no bytes.
    ///
    /// # Errors
    /// It was encoded.
    pub fn of_unencoded(encoded: &EncodedFrame) -> Result<Self, FrameError> {
        encoded.as_unencoded().cloned().ok_or(FrameError::Encoded)
    }

    pub(crate) fn describe_types(&self) -> String {
        describe(&self.fields.iter().map(Field::value_type).collect::<Vec<_>>())
    }
}

/// Column types for a message.
pub(crate) fn describe(types: &[ValueType]) -> String {
    let names: Vec<_> = types.iter().map(|value_type| value_type.name()).collect();
    format!("{} columns [{}]", names.len(), names.join(", "))
}

/// One column with its name, labels and display options.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The name; may be empty.
    pub name: String,
    /// Dimensions. `None` and an empty set are different on the wires.
    pub labels: Option<FieldLabels>,
    /// Display options. `None` and an empty config are different on the wires.
    pub config: Option<FieldConfig>,
    /// The values.
    pub values: Values,
}

impl Field {
    /// A field of values: a vector of a natural Rust type (`Vec<f64>`, `Vec<Option<String>>`, `Vec<SystemTime>`,
    /// …), a [`Column`](crate::Column) or [`Values`].
    pub fn new(name: impl Into<String>, values: impl Into<Values>) -> Self {
        Self { name: name.into(), labels: None, config: None, values: values.into() }
    }

    /// The same field with labels.
    #[must_use]
    pub fn with_labels(mut self, labels: impl Into<FieldLabels>) -> Self {
        self.labels = Some(labels.into());
        self
    }

    /// The same field with display options.
    #[must_use]
    pub fn with_config(mut self, config: FieldConfig) -> Self {
        self.config = Some(config);
        self
    }

    /// The display options to change them; empty ones are put in if there are none.
    pub fn config_mut(&mut self) -> &mut FieldConfig {
        self.config.get_or_insert_default()
    }

    /// The element type.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.values.value_type()
    }

    /// Whether nulls are allowed.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        self.values.is_nullable()
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

#[cfg(test)]
mod tests;
