/// <reference types="node" preserve="true" />

/**
 * GitHub: issues and their comments, pull requests to read, and the webhook of their events.
 * @module
 */

export { github } from './github.ts'
