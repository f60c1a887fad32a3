/// <reference types="node" preserve="true" />

/**
 * Gmail: letters, threads, drafts, what comes.
 * @module
 */

export { gmail } from './gmail.ts'
