mod bounds;
mod oracle;
