//! kintell
