// SeaORM derives public items that it does not document.
#![allow(missing_docs)]

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A row of `demo_data`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "demo_data")]
pub struct Model {
    #[sea_orm(primary_key)]
    id: i64,
    name: String,
    create_time: DateTimeUtc,
    update_time: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
