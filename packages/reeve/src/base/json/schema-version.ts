/**
 * The version of the shapes that `--json`, the API and the client speak (docs/json.md). It rises when something that was there
 * is named otherwise, means otherwise or is gone; what is added leaves it as it is.
 */
export const schemaVersion = 1

/** The header in which a server says it. */
export const schemaVersionHeader = 'reeve-schema-version'
