//! The rules of governance: tracks, falling thresholds and conviction.
