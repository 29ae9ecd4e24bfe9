//! Members of the guild become actors: the person behind the account, the roles that the configuration maps.

use super::{App, AppError};
use crate::domain::ids::AccountId;
use crate::domain::policy::Actor;
use crate::domain::role::Role;
use crate::store;
use std::collections::BTreeSet;

impl App {
    /// The member who acts, by what Discord sent with the interaction. Their person is made known on first sight.
    pub async fn actor(
        &self,
        account: AccountId,
        name: String,
        roles: BTreeSet<Role>,
        lead: bool,
    ) -> Result<Actor, AppError> {
        let mut reader = self.store.read().await?;
        let known = store::people::find_member(&mut reader, &account).await?;
        drop(reader);
        let person = match known {
            Some(member) if member.name == name && member.roles == roles => member.person,
            _ => {
                self.save_member(account.clone(), name, roles.clone())
                    .await?
            }
        };
        Ok(Actor {
            person,
            account,
            roles,
            lead,
        })
    }

    /// Keeps a member as Discord tells: who reads a channel by role is computed from these.
    pub async fn save_member(
        &self,
        account: AccountId,
        name: String,
        roles: BTreeSet<Role>,
    ) -> Result<crate::domain::ids::PersonId, AppError> {
        let now = self.now();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let saved =
                        store::people::save_member(connection, &account, &name, &roles, now).await;
                    Ok(saved?)
                })
            })
            .await
    }

    /// A page of the guild's members, in one commit.
    pub async fn save_members(
        &self,
        members: Vec<(AccountId, String, BTreeSet<Role>)>,
    ) -> Result<(), AppError> {
        let now = self.now();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    for (account, name, roles) in &members {
                        store::people::save_member(connection, account, name, roles, now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// These are all members that there are: whoever else is kept has left.
    pub async fn keep_members(&self, all: BTreeSet<AccountId>) -> Result<(), AppError> {
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    for member in store::people::list_members(connection).await? {
                        if !all.contains(&member.account) {
                            store::people::delete_member(connection, &member.account).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }

    /// A member left the guild.
    pub async fn delete_member(&self, account: AccountId) -> Result<(), AppError> {
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    store::people::delete_member(connection, &account).await?;
                    Ok(())
                })
            })
            .await
    }
}
