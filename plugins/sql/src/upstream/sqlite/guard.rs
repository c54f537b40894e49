//! What a statement may do: read.
//!
//! SQLite asks here while it compiles a statement, before anything runs, also for what views, triggers and functions do.
//! It deliberately lists what is allowed: what a later SQLite invents is refused.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// PRAGMAs that only tell something. Those in the second list take an argument that names what is told.
const TELLING: [&str; 20] = [
    "application_id",
    "auto_vacuum",
    "collation_list",
    "compile_options",
    "data_version",
    "encoding",
    "foreign_key_list",
    "freelist_count",
    "function_list",
    "integrity_check",
    "journal_mode",
    "module_list",
    "page_count",
    "page_size",
    "pragma_list",
    "quick_check",
    "schema_version",
    "table_list",
    "user_version",
    "foreign_key_check",
];
const TELLING_OF: [&str; 9] = [
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "quick_check",
    "table_info",
    "table_xinfo",
];
/// Functions that reach beyond the database.
const REFUSED: [&str; 4] = ["load_extension", "readfile", "writefile", "edit"];

/// Whether an action is allowed.
pub(super) fn judge(context: AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => true,
        AuthAction::Function { function_name } => {
            !REFUSED.iter().any(|refused| refused.eq_ignore_ascii_case(function_name))
        }
        AuthAction::Pragma { pragma_name, pragma_value } => {
            let name = pragma_name.to_ascii_lowercase();
            match pragma_value {
                None => TELLING.contains(&name.as_str()) || TELLING_OF.contains(&name.as_str()),
                Some(_) => TELLING_OF.contains(&name.as_str()) || name == "table_list",
            }
        }
        _ => false,
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}
