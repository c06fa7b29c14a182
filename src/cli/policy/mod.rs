//! `policy`: checks stacks against policies, tests policies, and copies their budgets to AWS.

mod check;
mod checked;
mod format;
mod push;
mod remark;
mod test;

use super::verb::verbs;
pub(super) use check::PolicyCheckDocument;
pub(super) use push::PolicyPushDocument;
pub(super) use test::PolicyTestDocument;

verbs! {
    pub(in crate::cli) enum PolicyVerb {
        /// Check stacks against policies; needs no credentials
        Check(check::CheckArgs),
        /// Test policies with examples that state the expected verdict
        Test(test::TestArgs),
        /// Create, change and delete AWS Budgets so that they match the policies' monthly budgets
        Push(push::PushArgs),
    }
}
