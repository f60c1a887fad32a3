/// <reference types="node" preserve="true" />

/**
 * Gmail: letters, threads, drafts, what comes.
 * @module
 */

export { gmail } from './gmail.ts'
export { type GmailStandIn, start as startGmailStandIn } from './stand-in.ts'
