/// <reference types="node" preserve="true" />

/**
 * Zendesk: tickets, comments and search, and the webhook of its events.
 * @module
 */

export { zendesk } from './zendesk.ts'
