/** The API of a Reeve server for programs and pages: it imports nothing of Node. */
export { ApiError } from './api-error.ts'
export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type SessionInfo,
} from './client.ts'
export type { EventOptions, JournalEvent } from './events.ts'
