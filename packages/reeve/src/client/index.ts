/**
 * The API of a Reeve server for programs and pages, typed by the server's own endpoints. It imports nothing of Node.
 * @module
 */

export { ApiError } from './api-error.ts'
export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type SessionInfo,
} from './client.ts'
export type { EventOptions, JournalEvent } from './events.ts'
