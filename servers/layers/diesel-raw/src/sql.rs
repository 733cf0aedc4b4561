//! Statements of our own as queries that Diesel prepares once per connection. `sql_query`, its own way to do that, prepares
//! anew for each request.

use diesel::sql_types::{BigInt, Bool, Text, Timestamp};

/// The columns of `demo_data`.
pub(crate) type Row = (BigInt, Text, Timestamp, Timestamp);

/// The columns of an agent with its status.
pub(crate) type Agent = (BigInt, Text, Bool, Timestamp);

/// Makes a query of a name, the types of its columns, its parameters by their names and types, and its text: literals,
/// with the names of parameters between them.
macro_rules! statement {
    (
        $(#[$meta:meta])*
        $name:ident($($parameter:ident: $rust:ty => $sql:ty),*) -> $columns:ty {
            $($piece:tt)*
        }
    ) => {
        $(#[$meta])*
        #[derive(diesel::query_builder::QueryId)]
        pub(crate) struct $name {
            $(pub(crate) $parameter: $rust,)*
        }

        impl diesel::query_builder::Query for $name {
            type SqlType = $columns;
        }

        impl<C> diesel::RunQueryDsl<C> for $name {}

        impl<DB> diesel::query_builder::QueryFragment<DB> for $name
        where
            DB: diesel::backend::Backend,
            $(DB: diesel::sql_types::HasSqlType<$sql>,
            $rust: diesel::serialize::ToSql<$sql, DB>,)*
        {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, DB>,
            ) -> diesel::QueryResult<()> {
                $(statement!(@piece self, out, $piece);)*
                Ok(())
            }
        }
    };
    (@piece $self:ident, $out:ident, $text:literal) => { $out.push_sql($text) };
    (@piece $self:ident, $out:ident, [$parameter:ident as $sql:ty]) => {
        $out.push_bind_param::<$sql, _>(&$self.$parameter)?
    };
}

statement! {
    /// The rows of a name.
    FindByName(name: String => Text) -> Row {
        "SELECT id, name, create_time, update_time FROM demo_data WHERE name = " [name as Text]
    }
}

statement! {
    /// The row of an id.
    FindById(id: i64 => BigInt) -> Row {
        "SELECT id, name, create_time, update_time FROM demo_data WHERE id = " [id as BigInt]
    }
}

statement! {
    /// The first rows of a range of names.
    FindPage(from: String => Text, below: String => Text, limit: i64 => BigInt) -> Row {
        "SELECT id, name, create_time, update_time FROM demo_data WHERE name >= " [from as Text]
        " AND name < " [below as Text] " ORDER BY name, id LIMIT " [limit as BigInt]
    }
}

statement! {
    /// All agents.
    Agents() -> Agent {
        "SELECT a.id, a.name, s.online, s.since FROM agents a \
         JOIN agent_status s ON s.agent_id = a.id ORDER BY a.id"
    }
}

statement! {
    /// A row with a name, on MySQL.
    Insert(name: String => Text) -> () {
        "INSERT INTO demo_data (name) VALUES (" [name as Text] ")"
    }
}

statement! {
    /// The row that this connection inserted last, on MySQL.
    FindInserted() -> Row {
        "SELECT id, name, create_time, update_time FROM demo_data WHERE id = LAST_INSERT_ID()"
    }
}

statement! {
    /// A row with a name, and its id, on PostgreSQL.
    InsertReturningId(name: String => Text) -> BigInt {
        "INSERT INTO demo_data (name) VALUES (" [name as Text] ") RETURNING id"
    }
}
