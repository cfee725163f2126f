//! `http`: requests that the rules of one capability allow.

#![allow(dead_code)]
mod body;
mod head;
mod mask;
mod refusal;
