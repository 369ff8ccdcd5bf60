//! The messages of staking.

use probity_primitives::BoundedVec;
use probity_protocol::staking::message::{
    Bond, EditOperator, RegisterOperator, Registration, RotateOperatorKey, Unbond, Unjail, Withdraw,
};

use super::sheet::Sheet;

const STAYS: &str = "it stays";

pub(super) fn register_operator(sheet: &mut Sheet, message: &RegisterOperator) {
    let RegisterOperator { registration, proof } = message;
    let Registration { key, vrf, name, commission, classes } = registration;
    sheet.part("registration", |sheet| {
        sheet.line("key", key);
        sheet.line("vrf", vrf);
        sheet.quoted("name", name);
        sheet.line("commission", commission);
        sheet.values("classes", classes);
    });
    sheet.line("proof", proof);
}

pub(super) fn edit_operator(sheet: &mut Sheet, message: &EditOperator) {
    let EditOperator { operator, name, commission, classes } = message;
    let show = |sheet: &mut Sheet, label: &str, classes: &BoundedVec<u16, 16>| {
        sheet.values(label, classes);
    };
    sheet.line("operator", operator);
    sheet.optional("name", name.as_deref(), STAYS, Sheet::quoted);
    sheet.optional("commission", *commission, STAYS, Sheet::line);
    sheet.optional("classes", classes.as_ref(), STAYS, show);
}

pub(super) fn rotate_operator_key(sheet: &mut Sheet, message: &RotateOperatorKey) {
    let RotateOperatorKey { operator, key, proof } = message;
    sheet.line("operator", operator);
    sheet.line("key", key);
    sheet.line("proof", proof);
}

pub(super) fn bond(sheet: &mut Sheet, message: &Bond) {
    let Bond { operator, amount } = *message;
    sheet.line("operator", operator);
    sheet.amount("amount", amount);
}

pub(super) fn unbond(sheet: &mut Sheet, message: &Unbond) {
    let Unbond { operator, amount } = *message;
    sheet.line("operator", operator);
    sheet.optional("amount", amount, "which means all of it", Sheet::amount);
}

pub(super) fn withdraw(sheet: &mut Sheet, message: &Withdraw) {
    let Withdraw { operator, epoch } = message;
    sheet.line("operator", operator);
    sheet.line("epoch", epoch);
}

pub(super) fn unjail(sheet: &mut Sheet, message: &Unjail) {
    let Unjail { operator } = message;
    sheet.line("operator", operator);
}
