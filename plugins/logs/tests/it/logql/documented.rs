//! What Loki's documentation says about parts that came after 2.2.1.
