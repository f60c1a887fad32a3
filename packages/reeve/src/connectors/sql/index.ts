/// <reference types="node" preserve="true" />

/**
 * A database of yours as a connector: declared statements, with parameters by schema. Postgres and SQLite.
 * @module
 */

export { type SqlOptions, type SqlSettings, sql } from './sql.ts'
export {
  type SqlRead,
  type SqlReadAction,
  type SqlRows,
  type SqlStatement,
  type SqlUndo,
  type SqlWrite,
  type SqlWriteAction,
  type SqlWritten,
  sqlRead,
  sqlWrite,
} from './statements.ts'
