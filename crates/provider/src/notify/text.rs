//! A message as a person reads it, by mail.

use goldsmith_core::notify::Message;

/// The title, what is to be known, and what to do next.
pub(super) fn text(message: &Message) -> String {
    let mut text = format!("{}\n\n", message.title);
    for (name, value) in &message.facts {
        if value.contains('\n') {
            text.push_str(&format!("{name}:\n{value}\n"));
        } else {
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    if !message.actions.is_empty() {
        text.push_str("\nWhat to do next:\n");
        for action in &message.actions {
            text.push_str(&format!("  {action}\n"));
        }
    }
    text.push_str(&format!("\n-- \n{} {}\n", message.kind, message.id));
    text
}
